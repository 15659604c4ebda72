"""Which half of the end-to-end points a point is in: by its configuration, never by the point.

A configuration is everything but the load. Its key is the text of the suite's columns joined by '|', its hash the
SHA-256 of that text in UTF-8. InferenceX: a configuration is `fit` when its hash is in
splits/inferencex-fit-configurations.txt, else `test`. Every other suite: `fit` when the hash, read as a number, is
even; `test` when it is odd.
"""

import hashlib
from pathlib import Path

import names

SPLITS = Path(__file__).resolve().parent.parent / "splits"
INFERENCEX_FIT = SPLITS / "inferencex-fit-configurations.txt"

KEY_COLUMNS = (
    "suite", "system", "framework", "framework_version", "model", "weights", "mode", "isl", "osl", "lengths", "tp",
    "pp", "ep", "attention_dp", "prefill_workers", "prefill_tp", "prefill_ep", "prefill_attention_dp",
    "decode_workers", "decode_tp", "decode_ep", "decode_attention_dp")
# Results of different submitters (or tasks) on one system with one model are near copies, many without a framework or
# a parallel label; ML.ENERGY's mean answer length is measured, not set. There only another system or another model makes
# another configuration, which keeps every sweep whole too.
COARSE_COLUMNS = ("suite", "system", "model")
SUITE_COLUMNS = {"mlperf": COARSE_COLUMNS, "mlenergy": COARSE_COLUMNS}
PARALLELISM = ("tp", "pp", "ep", "attention_dp")


def plain(value):
    """A value as the key has it: nothing for unknown, whole numbers without a fraction."""
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value).strip()


def configuration_key(point):
    """The canonical text of a point's configuration. Unknown weights count as the checkpoint's own bf16; an
    unstated (or zero) degree of parallelism of an aggregated engine as 1."""
    parts = []
    for column in SUITE_COLUMNS.get(point["suite"], KEY_COLUMNS):
        value = plain(point.get(column))
        if column == "system":
            value = names.SYSTEM_ALIASES.get(value, value)
        if column == "weights":
            value = value or "bf16"
        if column in PARALLELISM and point.get("mode") == "agg" and value in ("", "0"):
            value = "1"
        parts.append(value)
    return "|".join(parts)


def configuration_hash(key):
    return hashlib.sha256(key.encode("utf-8")).hexdigest()


def fit_configurations(path=INFERENCEX_FIT):
    """The committed hashes; lines that start with '#' are comments."""
    with open(path, encoding="utf-8") as file:
        return frozenset(line.strip() for line in file if line.strip() and not line.startswith("#"))


def split_of(suite, key_hash, fit_hashes):
    """`fit` or `test`."""
    if suite == "inferencex":
        return "fit" if key_hash in fit_hashes else "test"
    return "fit" if int(key_hash, 16) % 2 == 0 else "test"


def write_fit_configurations(keys, path=INFERENCEX_FIT):
    """Writes the hashes of configuration keys, sorted, under a comment that says what they are."""
    hashes = sorted(configuration_hash(key) for key in keys)
    header = (
        "# InferenceX configurations (everything but concurrency) that calibration may fit on; all others are the\n"
        "# test half. SHA-256 of the key that README.md beside this file defines, sorted.\n")
    Path(path).write_text(header + "\n".join(hashes) + "\n", encoding="utf-8")
