"""Reads a user's CSV files, refusing what is wrong in them with file:line: every fault at once, and then nothing.

Benchmark points have the project's columns (unknown ones are ignored). Kernel measurements have one file a family:
  system, framework, framework_version, kernel   who ran it; `kernel` may be empty
  the shape and load columns of the family       `python3 calibration/import families` lists them
  latency_seconds                                median of one launch
  power_watts, power_limit_watts, sm_clock_hertz, temperature_celsius, samples, latency_spread_seconds   optional
"""

import csv
import gzip
import math
from pathlib import Path

import families
import names
import point_columns

MODES = ("agg", "disagg")
LOADS = ("closed_loop", "offline", "server")
REQUIRED_OF_POINTS = ("id", "suite", "system", "accelerators", "model", "mode", "load")
SHOWN = 20


class Refused(Exception):
    """A file with faults; the text names each with file:line."""

    def __init__(self, faults):
        shown = faults[:SHOWN] + ([f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else [])
        super().__init__("\n".join(shown))
        self.faults = faults


class Faults:
    """Collects what is wrong in a file."""

    def __init__(self, path):
        self.path, self.found = path, []

    def add(self, line, text):
        self.found.append(f"{self.path}:{line}: {text}")

    def refuse_if_any(self):
        if self.found:
            raise Refused(self.found)


def rows_of(path, faults):
    """The header and, for each row, (line, {column: text}). Handles .gz; rows of the wrong width are faults."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader, [])]
        if not header:
            faults.add(1, "no header")
        for name in {name for name in header if header.count(name) > 1}:
            faults.add(1, f"column {name} twice")
        rows = []
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                faults.add(reader.line_num, f"{len(row)} fields, the header has {len(header)}")
            else:
                rows.append((reader.line_num, dict(zip(header, (text.strip() for text in row)))))
    return header, rows


def number(text, kind, faults, line, column, least=None, above=None):
    """A finite number of a column, or None after noting why not."""
    try:
        value = float(text)
    except ValueError:
        faults.add(line, f"{column}: {text!r} is not a number")
        return None
    if not math.isfinite(value):
        faults.add(line, f"{column}: {text!r} is not finite")
    elif kind == "INTEGER" and value != int(value):
        faults.add(line, f"{column}: {text!r} is not a whole number")
    elif least is not None and value < least:
        faults.add(line, f"{column}: {text!r} is less than {least}")
    elif above is not None and value <= above:
        faults.add(line, f"{column}: {text!r} is not more than {above}")
    else:
        return int(value) if kind == "INTEGER" else value
    return None


def read_points(path):
    """Benchmark points of a CSV file. Raises Refused."""
    faults = Faults(path)
    header, rows = rows_of(path, faults)
    for column in REQUIRED_OF_POINTS:
        if header and column not in header:
            faults.add(1, f"no column {column}")
    measured = [name for name in point_columns.MEASURED_NAMES if name in header]
    if header and not measured:
        faults.add(1, f"no measured column; there is {', '.join(point_columns.MEASURED_NAMES)}")
    faults.refuse_if_any()
    points, lines = [], {}
    for line, row in rows:
        points.append(point_of(row, line, faults))
        if row["id"] in lines:
            faults.add(line, f"id {row['id']!r} is that of line {lines[row['id']]} too")
        lines[row["id"]] = line
        if not any(row[name] for name in measured):
            faults.add(line, "nothing measured")
    faults.refuse_if_any()
    return points


def point_of(row, line, faults):
    point = {}
    for column in REQUIRED_OF_POINTS:
        if not row[column]:
            faults.add(line, f"{column} is empty")
    for column, kind in point_columns.POINT_COLUMNS:
        text = row.get(column, "")
        if kind == "TEXT" or not text:
            point[column] = text or None
        else:
            point[column] = number(text, kind, faults, line, column, least=0)
    for column, allowed in (("mode", MODES), ("load", LOADS)):
        if row[column] and row[column] not in allowed:
            faults.add(line, f"{column}: {row[column]!r} is none of {', '.join(allowed)}")
    point["system"] = names.SYSTEM_ALIASES.get(row["system"], row["system"])
    return point


def kernel_columns(family):
    """(column, kind, needed) of a kernel CSV of a family."""
    needed = [(name, "TEXT", name != "kernel") for name, _ in families.IDENTITY if name != "measured_version"]
    needed += [(name, kind, kind != "TEXT") for name, kind in family.shape]
    needed += [(name, "INTEGER", True) for name in family.load]
    needed.append(("latency_seconds", "REAL", True))
    return needed + [(name, kind, False) for name, kind in families.TELEMETRY]


def read_kernels(path, family):
    """Rows of a kernel CSV: (series key, load, latency in ns, telemetry), one each. Raises Refused."""
    faults = Faults(path)
    header, rows = rows_of(path, faults)
    columns = kernel_columns(family)
    known = [name for name, _, _ in columns]
    optional = {name for name, _ in families.TELEMETRY}
    for name in header:
        if name not in known:
            faults.add(1, f"unknown column {name!r}; {family.name} has {', '.join(known)}")
    for name in known:
        if header and name not in header and name not in optional:
            faults.add(1, f"no column {name}")
    faults.refuse_if_any()
    result, lines = [], {}
    for line, row in rows:
        values = {}
        for name, kind, needed in columns:
            values[name] = cell(row.get(name, ""), name, kind, needed, faults, line)
        values["measured_version"] = ""
        key = tuple(values[name] for name in family.series_columns)
        load = tuple(values[name] for name in family.load_columns)
        if (key, load) in lines:
            faults.add(line, f"the shape and load of line {lines[key, load]} again")
        lines[key, load] = line
        latency = values["latency_seconds"]
        result.append((
            key, load, latency and max(1, round(latency * 1e9)), tuple(values[name] for name, _ in families.TELEMETRY)))
    faults.refuse_if_any()
    return result


def cell(text, name, kind, needed, faults, line):
    if not text:
        if needed:
            faults.add(line, f"{name} is empty")
        return "" if kind == "TEXT" else None
    if kind == "TEXT":
        return names.dtype(text) if name.endswith("dtype") else text
    if name in ("latency_seconds", "power_watts"):
        return number(text, kind, faults, line, name, above=0)
    return number(text, kind, faults, line, name, least=0)
