"""Imports kernel tables: reads, cleans, merges and writes one family at a time, for it all to fit in memory."""

from collections import defaultdict

import numpy as np

import families
import kernel_rules
import store
import tables
from batches import series_keys

# Families whose load is one number, so that a point has a neighbour on either side.
SPIKE_FAMILIES = ("gemm", "moe", "batched_gemm", "mlp")
HOST_BOUND_FAMILIES = ("gemm", "batched_gemm")


class FamilyImport:
    """Rows of one family from any number of files, on their way into the store."""

    def __init__(self, connection, family, whole_curves=True):
        """`whole_curves`: whether neighbours in load are all there, so that a spike can be told from a step."""
        self.connection, self.family, self.whole_curves = connection, family, whole_curves
        self.keys, self.key_numbers = [], {}
        self.parts = defaultdict(list)
        self.read = defaultdict(int)
        self.counts = defaultdict(int)

    def add(self, file_id, batch, peaks=None):
        """Cleans a batch of one file by the rules that need no other file, and keeps what is left."""
        self.read[file_id] += len(batch)
        for rule in kernel_rules.ROW_RULES:
            dropped = rule(batch, peaks)
            if dropped is not None and dropped.any():
                self.counts[rule.__name__, "dropped", file_id] += int(dropped.sum())
                batch = batch.taken(~dropped)
        if not len(batch):
            return
        keys, which = series_keys(self.family.series_columns, batch)
        numbers = np.array([self.number(key) for key in keys], np.int64)
        power = batch.telemetry.get("power_watts", np.full(len(batch), np.nan))
        limit = batch.telemetry.get("power_limit_watts", np.full(len(batch), np.nan))
        lagging = kernel_rules.power_reading_lags(batch.latency, power)
        self.counts["power_reading_lags", "repaired", file_id] += int(lagging.sum())
        columns = {
            "series": numbers[which], "latency": batch.latency, "file": np.full(len(batch), file_id),
            "power": np.where(lagging, np.nan, power), "limit": limit, **batch.load}
        for name, values in columns.items():
            self.parts[name].append(values)

    def number(self, key):
        if key not in self.key_numbers:
            self.key_numbers[key] = len(self.keys)
            self.keys.append(key)
        return self.key_numbers[key]

    def finish(self):
        """Merges repeats, drops spikes, flags series, writes; then the books of each file."""
        kept_files = np.array([], np.int64)
        if self.parts:
            columns = {name: np.concatenate(parts) for name, parts in self.parts.items()}
            self.parts.clear()
            columns = self.merged(columns)
            columns = self.without_isolated(columns)
            self.write(columns)
            kept_files = columns["file"]
        kept = np.bincount(kept_files) if len(kept_files) else []
        for file_id, read in self.read.items():
            store.record_counts(
                self.connection, file_id, read, int(kept[file_id]) if file_id < len(kept) else 0)
        for (rule, action, file_id), rows in self.counts.items():
            store.record_rule(
                self.connection, rule, action, self.family.name, file_id, rows, kernel_rules.REASONS[rule])
        self.connection.commit()

    def merged(self, columns):
        """One row for each series and load: the median of repeats, the power of those that have one."""
        loads = [columns[name] for name in self.family.load_columns]
        order = np.lexsort((columns["latency"], *reversed(loads), columns["series"]))
        columns = {name: values[order] for name, values in columns.items()}
        same = np.ones(len(order), bool)
        same[0] = False
        for name in ("series",) + self.family.load_columns:
            same[1:] &= columns[name][1:] == columns[name][:-1]
        starts = np.flatnonzero(~same)
        sizes = np.diff(np.append(starts, len(order)))
        latency = columns["latency"]
        median = (latency[starts + (sizes - 1) // 2] + latency[starts + sizes // 2]) / 2
        spread = latency[starts + sizes - 1] - latency[starts]
        identical = np.repeat(spread < 1, sizes) & same
        for rule, rows in (("same_measurement_twice", identical), ("repeats_to_median", same & ~identical)):
            for file_id, count in zip(*np.unique(columns["file"][rows], return_counts=True)):
                self.counts[rule, "merged", int(file_id)] += int(count)
        result = {name: values[starts] for name, values in columns.items()}
        result["latency"] = median
        for name in ("power", "limit"):
            result[name] = np.fmax.reduceat(columns[name], starts)
        return result

    def without_isolated(self, columns):
        if not self.whole_curves or self.family.name not in SPIKE_FAMILIES:
            return columns
        for rule, up in (("isolated_spike", True), ("isolated_dip", False)):
            dropped = kernel_rules.isolated(columns["series"], columns["latency"], up)
            for file_id, count in zip(*np.unique(columns["file"][dropped], return_counts=True)):
                self.counts[rule, "dropped", int(file_id)] += int(count)
            columns = {name: values[~dropped] for name, values in columns.items()}
        return columns

    def host_bound(self, columns):
        """For each series, whether the host was timed; counts the points of those that were."""
        if self.family.name not in HOST_BOUND_FAMILIES:
            return None
        used = np.unique(columns["series"])
        starts = np.searchsorted(columns["series"], used)
        floors = np.minimum.reduceat(columns["latency"], starts)
        identity = len(families.IDENTITY)
        shapes = {}
        numbers = np.array([
            shapes.setdefault((self.keys[s][0], *self.keys[s][identity:]), len(shapes)) for s in used])
        flags = np.zeros(len(self.keys), bool)
        flags[used] = kernel_rules.host_bound_series(numbers, floors)
        flagged = columns["file"][flags[columns["series"]]]
        for file_id, count in zip(*np.unique(flagged, return_counts=True)):
            self.counts["host_bound_series", "flagged", int(file_id)] += int(count)
        return flags

    def write(self, columns):
        flags = self.host_bound(columns)
        ids = np.array(store.series_ids(self.connection, self.family, self.keys, flags), np.int64)
        series = ids[columns["series"]]
        loads = [columns[name] for name in self.family.load_columns]
        order = np.lexsort((*reversed(loads), series))
        rounded = np.maximum(np.rint(columns["latency"]), 1).astype(np.int64)
        point = [values[order].tolist() for values in (series, *loads)]
        store.write_points(self.connection, self.family, zip(*point, rounded[order].tolist()))
        told = np.isfinite(columns["power"][order])
        telemetry = [np.array(values)[told].tolist() for values in point]
        watts = [columns[name][order][told].tolist() for name in ("power", "limit")]
        blanks = [None] * (len(families.TELEMETRY) - 2)
        store.write_telemetry(
            self.connection, self.family, ((*row, *blanks) for row in zip(*telemetry, *watts)))


def import_wheels(connection, wheels, only=None, say=lambda line: None):
    """Imports every kernel table of the packages. `only`: names of families. Gives the paths that have no family."""
    wanted, unknown = defaultdict(list), []
    for wheel in wheels:
        known, others = wheel.tables()
        unknown += [f"{wheel.package} {wheel.version}: {path}" for path in others]
        for path in known:
            wanted[tables.TABLES[stem(path)].family].append((wheel, path))
    for family in families.FAMILIES:
        if family.name in wanted and (only is None or family.name in only):
            import_family(connection, family, wanted[family.name], say)
    return unknown


def stem(path):
    return path.rsplit("/", 1)[-1].removesuffix(".parquet")


def import_family(connection, family, places, say):
    from packages import origin

    result = FamilyImport(connection, family)
    peaks = {}
    for wheel, path in places:
        source = origin(path)
        if family.name == "gemm" and wheel not in peaks:
            peaks[wheel] = wheel.peaks()
        file_id = store.register_file(connection, wheel.package, wheel.version, path, family.name)
        table = tables.TABLES[stem(path)]
        for batch in table.batches(wheel.read_table(path), source):
            result.add(file_id, batch, peaks.get(wheel, {}).get(source.folder))
            note_repairs(result, table, file_id, batch)
    rows = sum(result.read.values())
    result.finish()
    say(f"  {family.name}: {rows} rows of {len(places)} tables")


def note_repairs(result, table, file_id, batch):
    """Counts what the tables' units made necessary."""
    if isinstance(table, tables.Collective):
        result.counts["elements_to_bytes", "repaired", file_id] += len(batch)
    if table.family == "expert_all_to_all" and table.latency == "latency" and (
            table.unit == tables.NANOSECONDS_PER_MICROSECOND):
        result.counts["microseconds_to_seconds", "repaired", file_id] += len(batch)
