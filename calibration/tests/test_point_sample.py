"""The sample of end-to-end points: every stratum, the same bytes each time, whatever was measured."""

import csv

import point_sample


def fill(connection, factor=1.0):
    """Points of two halves, frameworks and models, and some that are suspected of speculation."""
    number = 0
    for split in ("fit", "test"):
        for framework in ("vllm", "sglang"):
            for model in ("small", "large"):
                for concurrency in (1, 4, 16, 64):
                    number += 1
                    connection.execute(
                        "INSERT INTO end_to_end (id, suite, system, accelerators, framework, model, mode, concurrency, "
                        "tpot_mean_s, split, mtp_suspected) VALUES (?, 'inferencex', 'h100-sxm', 8, ?, ?, 'agg', ?, ?, ?, ?)",
                        (f"p{number}", framework, model, concurrency, factor * 0.0123456789, split, concurrency == 64))
    return number


def test_two_of_every_stratum(connection, tmp_path):
    fill(connection)
    rows, size = point_sample.export(connection, tmp_path / "sample.csv")
    found = list(csv.DictReader((tmp_path / "sample.csv").open()))
    assert rows == len(found) == 16 and size == (tmp_path / "sample.csv").stat().st_size
    assert {(row["split"], row["framework"], row["model"]) for row in found} == {
        (split, framework, model)
        for split in ("fit", "test") for framework in ("vllm", "sglang") for model in ("small", "large")}
    assert all(row["concurrency"] in ("1", "4", "16") for row in found)
    assert all(row["tpot_mean_s"] == "0.0123457" for row in found)
    assert "kv_cache" not in found[0] and "power_cap_watts" not in found[0]


def test_what_was_measured_has_no_say(connection, tmp_path):
    fill(connection)
    header, before = point_sample.sampled(connection)
    connection.execute("UPDATE end_to_end SET tpot_mean_s = tpot_mean_s * length(id) * concurrency")
    again, after = point_sample.sampled(connection)
    assert header == again and [row[0] for row in before] == [row[0] for row in after]
