"""A small sample of the InferenceX points as CSV, which a fresh clone carries so that its tests can hold a gate.

A few points of every half, framework, mode and model, chosen by the hash of their names: what is measured has no say in
which are chosen. Points that are suspected of unstated speculative decoding are left out, since none is predicted.
"""

import csv
import hashlib
import io
from collections import defaultdict

from point_columns import MEASURED_NAMES, NAMES

EACH = 2
STRATUM = ("split", "framework", "mode", "model")
FLAGS = ("non_monotone", "disagrees_elsewhere")


def sampled(connection, each=EACH):
    """The header and rows of the sample, in the order of their names; columns that no row fills are left out."""
    names = NAMES + ("split",) + FLAGS
    query = connection.execute(
        f"SELECT {', '.join(names)} FROM end_to_end WHERE suite = 'inferencex' AND mtp_suspected = 0")
    strata = defaultdict(list)
    for values in query:
        row = dict(zip(names, values))
        strata[tuple(row[column] for column in STRATUM)].append(row)
    chosen = [row for rows in strata.values() for row in sorted(rows, key=rank)[:each]]
    chosen.sort(key=lambda row: row["id"])
    header = [name for name in names if any(row[name] not in (None, "", 0) for row in chosen)]
    return header, [[text(name, row[name]) for name in header] for row in chosen]


def rank(row):
    return hashlib.sha256(row["id"].encode()).hexdigest()


def text(name, value):
    """Whole numbers without a fraction, measured ones with six digits."""
    if value is None:
        return ""
    if name in MEASURED_NAMES:
        return f"{value:.6g}"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def export(connection, path):
    """Writes the sample; (rows, bytes)."""
    header, rows = sampled(connection)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    data = out.getvalue().encode()
    path.write_bytes(data)
    return len(rows), len(data)
