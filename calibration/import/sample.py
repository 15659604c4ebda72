"""Reads the packages' sample of end-to-end points (silicon_sample.csv) as benchmark points, before any cleaning."""

import csv
import io
import re

import names

WEIGHTS = {"fp4": "nvfp4", "": ""}
GAP_FOLDER = re.compile(r"source_file=.*/data/")


def read_sample(text):
    """The raw rows, each with what its source says: `raw` (the CSV's columns), `source`, `date`, `concurrency`."""
    return [point_of(row) for row in csv.DictReader(io.StringIO(text))]


def point_of(row):
    """One point under the project's names and units, plus `raw_id`; not yet repaired."""
    said = source_fields(row["silicon_data_source"])
    framework = names.framework(row["backend"])
    fixed = said["source"].startswith("gap/")
    concurrency = number(said.get("silicon_concurrency") or row["batch_size"])
    point = {
        "id": f"inferencex:{row['id']}", "suite": "inferencex", "source": said["source"],
        "date": said.get("measured", "")[:10], "system": names.system(row["system"]), "framework": framework,
        "framework_version": row["backend_version"], "model": row["model_path"], "weights": weights(row),
        "mode": row["mode"], "load": "closed_loop", "concurrency": concurrency,
        "requests": None if concurrency is None else round(10 * concurrency), "isl": number(row["isl"]),
        "osl": number(row["osl"]), "lengths": "fixed" if fixed else "inferencex-random",
        "ttft_mean_s": seconds(row["silicon_ttft_ms"]), "tpot_mean_s": seconds(row["silicon_tpot_ms"]),
        "notes": "", "repairs": [],
    }
    if row["mode"] == "agg":
        point |= {
            "tp": whole(row["tp_size"]), "pp": whole(row["pp_size"]), "attention_dp": whole(row["attention_dp_size"]),
            "moe_tp": whole(row["moe_tp_size"]), "ep": whole(row["moe_ep_size"]), "replicas": 1}
    else:
        for role in ("prefill", "decode"):
            point |= {
                f"{role}_workers": stated(row[f"{role}_num_workers"]), f"{role}_tp": whole(row[f"{role}_tp_size"]),
                f"{role}_ep": whole(row[f"{role}_moe_ep_size"]),
                f"{role}_attention_dp": whole(row[f"{role}_attention_dp_size"]),
                f"{role}_batch": stated(row[f"{role}_batch_size"])}
    return point


def source_fields(text):
    """`a; key=value; ...` as a dictionary; the first part names the dump or the file that the row came from."""
    first, *rest = (part.strip() for part in text.split(";"))
    source = GAP_FOLDER.sub("gap/", first).removeprefix("source_file=")
    return {"source": source} | dict(part.split("=", 1) for part in rest if "=" in part)


def weights(row):
    """'nvfp4' of gpt-oss is MXFP4, its checkpoint's format; an unstated precision stays unstated."""
    precision = row["precision"]
    if precision == "fp4" and "gpt-oss" in row["model_path"]:
        return "mxfp4"
    return WEIGHTS.get(precision, precision)


def number(text):
    return float(text) if text else None


def seconds(milliseconds):
    return float(milliseconds) / 1e3 if milliseconds else None


def whole(text):
    """A degree of parallelism: unstated and zero mean none, that is 1."""
    return int(text or 1) or 1


def stated(text):
    return int(text) if text else None
