"""The cleaning of end-to-end points, and which half they are in."""

import csv
import hashlib

import pytest

import checked
import point_rules
import points
import sample
import splits

ROW = {
    "id": "one", "silicon_data_source": "source_file=2026-04-06.csv; model=X; silicon_concurrency=16; "
    "measured=2026-02-11T00:00:00.000Z; wip=False", "backend": "trtllm", "backend_version": "1.2.0",
    "model_path": "openai/gpt-oss-120b", "system": "h200_sxm", "precision": "fp4", "mode": "agg", "isl": "1024",
    "osl": "8192", "batch_size": "16", "tp_size": "4", "pp_size": "1", "attention_dp_size": "1", "moe_tp_size": "2",
    "moe_ep_size": "2", "silicon_ttft_ms": "250.5", "silicon_tpot_ms": "8.25"}
COLUMNS = list(ROW) + [
    f"{role}_{name}" for role in ("prefill", "decode") for name in (
        "batch_size", "num_workers", "tp_size", "pp_size", "attention_dp_size", "moe_tp_size", "moe_ep_size")]


def raw(**changes):
    return sample.point_of(dict.fromkeys(COLUMNS, "") | ROW | changes)


def repaired(**changes):
    point = raw(**changes)
    return point, points.keep(point, [])


def test_a_row_gets_the_projects_names_and_seconds():
    point = raw()
    assert (point["system"], point["framework"], point["weights"]) == ("h200-sxm", "tensorrt-llm", "mxfp4")
    assert (point["ttft_mean_s"], point["tpot_mean_s"]) == (0.2505, 0.00825)
    assert (point["concurrency"], point["requests"], point["date"]) == (16, 160, "2026-02-11")
    assert (point["source"], point["lengths"]) == ("2026-04-06.csv", "inferencex-random")


def test_gap_analyses_have_fixed_lengths_and_a_shorter_source():
    source = "source_file=runs/data/h100_sxm/vllm/0.12.0/Qwen_Qwen3-32B.csv; silicon_concurrency=8"
    point = raw(silicon_data_source=source)
    assert (point["source"], point["lengths"]) == ("gap/h100_sxm/vllm/0.12.0/Qwen_Qwen3-32B.csv", "fixed")


@pytest.mark.parametrize("stated, true, gpus", [
    # Squared tensor parallelism, squared attention parallelism, vLLM's doubled data parallelism; and what is right.
    (("trtllm", 64, 1, 8, 8), (8, 1, 8), 8), (("trtllm", 1, 16, 4, 4), (1, 4, 4), 4),
    (("vllm", 4, 4, 1, 16), (1, 4, 4), 4), (("trtllm", 8, 1, 1, 8), (8, 1, 8), 8),
    (("trtllm", 1, 8, 1, 8), (1, 8, 8), 8), (("sglang", 4, 1, 4, 1), (4, 1, 1), 4),
    (("trtllm", 2, "", 1, 0), (2, 1, 1), 2)])
def test_parallelism_is_unsquared(stated, true, gpus):
    backend, tp, dp, moe_tp, ep = stated
    point, kept = repaired(
        backend=backend, tp_size=str(tp), attention_dp_size=str(dp), moe_tp_size=str(moe_tp), moe_ep_size=str(ep))
    assert kept
    assert (point["tp"], point["attention_dp"], point["ep"]) == true
    assert point["accelerators"] == gpus
    assert bool(point["repairs"]) == ((tp, dp or 1) != true[:2])


def test_disaggregated_gpus_are_counted_by_worker():
    # 1 prefill worker of 4 attention ranks, 4 decode workers of 8: 36 GPUs.
    workers = {
        "prefill_num_workers": "1", "prefill_tp_size": "1", "prefill_attention_dp_size": "4",
        "decode_num_workers": "4", "decode_tp_size": "8", "decode_attention_dp_size": "1"}
    point, kept = repaired(mode="disagg", **workers)
    assert kept and point["accelerators"] == 36
    point, kept = repaired(mode="disagg", **(workers | {"decode_num_workers": ""}))
    assert not kept


def test_what_cannot_be_simulated_is_dropped_with_its_reason():
    log = []
    for changes in ({"tp_size": "72", "moe_tp_size": "72", "moe_ep_size": "1"}, {"silicon_tpot_ms": ""}):
        assert not points.keep(raw(**changes), log)
    assert [(line.rule, line.action) for line in log] == [
        ("disaggregated_total_as_aggregated", "dropped"), ("incomplete", "dropped")]


def test_one_run_under_two_names_is_one_point_and_the_unrepaired_name_stays():
    plain = {"tp_size": "8", "moe_tp_size": "1", "moe_ep_size": "8"}
    squared = {"tp_size": "64", "moe_tp_size": "8", "moe_ep_size": "8"}
    kept, log = points.cleaned([
        raw(id="a", **squared), raw(id="b", silicon_ttft_ms="250.51", **plain),
        raw(id="c", silicon_tpot_ms="8.3", **plain)])
    assert [point["id"] for point in kept] == ["inferencex:b", "inferencex:c"]
    assert [line.detail for line in log if line.rule == "same_measurement"] == ["the run of inferencex:b"]


def test_a_transiently_slow_run_is_flagged():
    plain = {"moe_tp_size": "4", "moe_ep_size": "1"}
    rows = [
        raw(id=str(c), silicon_data_source=f"x; silicon_concurrency={c}", silicon_tpot_ms=str(t), **plain)
        for c, t in ((4, 6), (8, 7), (16, 15), (32, 10), (64, 12.5))]
    kept, _ = points.cleaned(rows)
    assert [point["concurrency"] for point in kept if point["non_monotone"]] == [16]


def test_unlabelled_speculation_is_suspected_by_date():
    kept, _ = points.cleaned([
        raw(id=date, model_path="deepseek-ai/DeepSeek-R1", precision="fp8", silicon_tpot_ms=str(number),
            silicon_data_source=f"x; silicon_concurrency=4; measured={date}T00")
        for number, date in enumerate(("2026-01-14", "2026-01-15"), start=5)])
    assert [(point["date"], point["mtp_suspected"]) for point in kept] == [("2026-01-14", True), ("2026-01-15", False)]
    assert kept[0]["mtp_rule"] == "TensorRT-LLM of 2026-01-14"


def test_every_rule_has_its_reason():
    named = {rule.__name__ for rule in point_rules.DROPPING} | set(point_rules.FLAGGING)
    assert named <= set(point_rules.REASONS)


def test_a_configuration_is_everything_but_the_load():
    one, other = raw(), raw(silicon_data_source="x; silicon_concurrency=64", silicon_tpot_ms="20")
    assert splits.configuration_key(one) == splits.configuration_key(other)
    assert splits.configuration_key(one) == (
        "inferencex|h200-sxm|tensorrt-llm|1.2.0|openai/gpt-oss-120b|mxfp4|agg|1024|8192|inferencex-random|4|1|2|1"
        "||||||||")
    assert splits.configuration_key(raw(isl="2048")) != splits.configuration_key(one)


def test_other_suites_split_by_the_parity_of_a_hash_of_system_and_model():
    point = {"suite": "mlperf", "system": "rtx-pro-6000-server", "model": "llama-2-70b", "framework": "vllm"}
    key = splits.configuration_key(point)
    assert key == "mlperf|rtx-pro-6000|llama-2-70b"
    last = hashlib.sha256(key.encode()).digest()[-1]
    assert splits.split_of("mlperf", splits.configuration_hash(key), frozenset()) == ("test" if last % 2 else "fit")


def test_the_committed_list_is_sorted_hashes():
    hashes = [line for line in splits.INFERENCEX_FIT.read_text().splitlines() if not line.startswith("#")]
    assert len(hashes) == 381 == len(splits.fit_configurations())
    assert hashes == sorted(hashes)
    assert all(len(line) == 64 and int(line, 16) >= 0 for line in hashes)


def test_cleaning_reproduces_the_points_chosen_to_fit_on(connection, core_wheel, shared_points):
    points.import_sample(connection, [core_wheel], splits.fit_configurations())
    stored = {row[0] for row in connection.execute("SELECT id FROM end_to_end WHERE split = 'fit'")}
    with open(shared_points / "inferencex-fit.csv", newline="", encoding="utf-8") as file:
        chosen = {row["id"]: row for row in csv.DictReader(file)}
    assert stored == set(chosen)
    for column in ("accelerators", "tp", "attention_dp", "concurrency", "ttft_mean_s", "tpot_mean_s", "decode_workers"):
        for name, value in connection.execute(f"SELECT id, {column} FROM end_to_end WHERE split = 'fit'"):
            text = chosen[name][column]
            assert (value is None) if text == "" else float(text) == pytest.approx(value, rel=1e-5), (name, column)


def test_the_chosen_points_hash_to_the_committed_list(shared_points):
    found = checked.read_points(shared_points / "inferencex-fit.csv")
    hashes = {splits.configuration_hash(splits.configuration_key(point)) for point in found}
    assert hashes == splits.fit_configurations()
