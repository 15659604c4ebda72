"""Adds tables in the packages' layout that lie in files of their own, `SYSTEM-TABLE.csv[.gz]`."""

import re
from pathlib import Path

import pyarrow.csv as arrow_csv

import families
import names
import store
import tables
from batches import Coded
from kernels import FamilyImport


class RowOrigin:
    """The origin of a table whose rows say their framework and version, and whose file name says the system."""

    def __init__(self, system):
        self.system = system

    def identity(self, table):
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
