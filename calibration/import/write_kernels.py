"""Adds kernel measurements that didn't come from the packages: a user's CSV files, and tables in their layout."""

import re
from pathlib import Path

import families
import store
import tables
from batches import Coded
from kernels import FamilyImport


def import_csv(connection, path, family, rows):
    """Adds the rows of `checked.read_kernels`."""
    file_id = store.register_file(connection, "kernel CSV", "", str(path), family.name)
    add_rows(connection, family, rows)
    store.record_counts(connection, file_id, len(rows), len(rows))
    connection.commit()


def add_rows(connection, family, rows):
    """Adds rows (series key, load, latency in ns, telemetry); a point already there is replaced."""
    keys = list(dict.fromkeys(key for key, _, _, _ in rows))
    ids = dict(zip(keys, store.series_ids(connection, family, keys)))
    store.write_points(connection, family, ((ids[key], *load, latency) for key, load, latency, _ in rows))
    store.write_telemetry(connection, family, (
        (ids[key], *load, *telemetry) for key, load, _, telemetry in rows
        if any(value is not None for value in telemetry)))


class RowOrigin:
    """The origin of a table whose rows say their framework and version, and whose file name says the system."""

    def __init__(self, system):
        self.system = system

    def identity(self, table):
        import names

        count = table.num_rows
        return {
            "system": Coded.constant(names.system(self.system), count),
            "framework": Coded.of(table["framework"]).mapped(names.framework),
            "framework_version": Coded.of(table["version"]),
            "measured_version": Coded.constant("", count),
            "kernel": Coded.of(table["kernel_source"]),
        }

    def hints(self, table):
        return {}


def import_table(connection, path):
    """Adds a table in the packages' layout, `SYSTEM-TABLE.csv[.gz]`. Gives (family, rows read, rows kept)."""
    import pyarrow.csv as arrow_csv

    import names

    match = re.fullmatch(r"(\w+)-(\w+)\.csv(\.gz)?", Path(path).name)
    stem = match and f"{match[2]}_perf"
    if not match or match[1] not in names.SYSTEMS or stem not in tables.TABLES:
        raise ValueError(f"{path}: not named SYSTEM-TABLE.csv after a system and a table of the packages")
    table = arrow_csv.read_csv(path)
    family = families.BY_NAME[tables.TABLES[stem].family]
    file_id = store.register_file(connection, "table CSV", "", str(Path(path).name), family.name)
    result = FamilyImport(connection, family, whole_curves=False)
    for batch in tables.TABLES[stem].batches(table, RowOrigin(match[1])):
        result.add(file_id, batch)
    result.finish()
    return (family.name, *connection.execute(
        "SELECT rows_read, rows_kept FROM provenance WHERE file_id = ?", (file_id,)).fetchone())
