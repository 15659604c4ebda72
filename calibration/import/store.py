"""The measurement store: one SQLite file, written here and by calibration/measure, read by `tokenmill calibrate`."""

import sqlite3
from pathlib import Path

import families
import point_columns

SCHEMA_VERSION = 1

COMMON_SQL = f"""
CREATE TABLE store_info (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE provenance (
  file_id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  source_version TEXT NOT NULL,
  file TEXT NOT NULL,
  family TEXT NOT NULL,
  rows_read INTEGER NOT NULL,
  rows_kept INTEGER NOT NULL,
  rows_dropped INTEGER NOT NULL,
  UNIQUE (source, source_version, file)
);
CREATE TABLE cleaning (
  rule TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('dropped', 'repaired', 'merged', 'flagged')),
  family TEXT NOT NULL,
  file_id INTEGER NOT NULL REFERENCES provenance (file_id),
  rows INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (rule, file_id)
) WITHOUT ROWID;
CREATE TABLE end_to_end_cleaning (
  id TEXT NOT NULL,
  rule TEXT NOT NULL,
  action TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (id, rule)
) WITHOUT ROWID;
CREATE TABLE end_to_end (
  {point_columns.sql_columns()}
);
CREATE INDEX end_to_end_by_configuration ON end_to_end (suite, configuration_hash);
CREATE VIEW end_to_end_trusted AS
  SELECT * FROM end_to_end
  WHERE NOT (ifnull(mtp_suspected, 0) OR ifnull(no_warm_up, 0) OR ifnull(batch_limit_misconfigured, 0)
    OR ifnull(non_monotone, 0));
"""


class StoreError(Exception):
    """The store can't be opened or isn't one."""


def open_store(path, create=True):
    """Opens the store, making it where it isn't there. Raises StoreError for a file that is something else."""
    path = Path(path)
    fresh = not path.exists()
    if fresh and not create:
        raise StoreError(f"{path}: no such store; make one with `make measurements`")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = ON")
    if fresh:
        connection.execute("PRAGMA page_size = 8192")
        make_schema(connection)
    try:
        version = connection.execute("SELECT value FROM store_info WHERE key = 'schema_version'").fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: not a measurement store ({error})") from error
    if version is None or int(version[0]) != SCHEMA_VERSION:
        raise StoreError(f"{path}: schema version {version and version[0]}, this importer writes {SCHEMA_VERSION}")
    return connection


def make_schema(connection):
    statements = [COMMON_SQL]
    for family in families.FAMILIES:
        statements += [families.schema_sql(family), families.index_sql(family)]
    statements.append(f"INSERT INTO store_info VALUES ('schema_version', '{SCHEMA_VERSION}');")
    connection.executescript("BEGIN;" + "\n".join(statements) + "COMMIT;")


def register_file(connection, source, source_version, file, family):
    """The id of a source file; what an earlier import of it left in the books is struck out."""
    row = connection.execute(
        "SELECT file_id FROM provenance WHERE source = ? AND source_version = ? AND file = ?",
        (source, source_version, file)).fetchone()
    if row:
        connection.execute("DELETE FROM cleaning WHERE file_id = ?", row)
        connection.execute(
            "UPDATE provenance SET rows_read = 0, rows_kept = 0, rows_dropped = 0 WHERE file_id = ?", row)
        return row[0]
    return connection.execute(
        "INSERT INTO provenance (source, source_version, file, family, rows_read, rows_kept, rows_dropped)"
        " VALUES (?, ?, ?, ?, 0, 0, 0)", (source, source_version, file, family)).lastrowid


def record_counts(connection, file_id, read, kept):
    connection.execute(
        "UPDATE provenance SET rows_read = rows_read + ?, rows_kept = rows_kept + ?, rows_dropped = rows_dropped + ?"
        " WHERE file_id = ?", (read, kept, read - kept, file_id))


def record_rule(connection, rule, action, family, file_id, rows, reason):
    if rows:
        connection.execute(
            "INSERT INTO cleaning VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (rule, file_id) DO UPDATE SET rows = rows + excluded.rows",
            (rule, action, family, file_id, int(rows), reason))


def series_ids(connection, family, keys, host_bound=None):
    """Store ids of series given by value (tuples in the order of `family.series_columns`), made where new."""
    columns = family.series_columns
    known = {
        row[1:]: row[0]
        for row in connection.execute(f"SELECT series_id, {', '.join(columns)} FROM {family.name}_series")}
    fresh = [key for key in keys if key not in known]
    first = 1 + (connection.execute(f"SELECT MAX(series_id) FROM {family.name}_series").fetchone()[0] or 0)
    for offset, key in enumerate(fresh):
        known[key] = first + offset
    marks = ", ".join("?" * (len(columns) + 1))
    connection.executemany(
        f"INSERT INTO {family.name}_series (series_id, {', '.join(columns)}) VALUES ({marks})",
        ((known[key], *key) for key in fresh))
    ids = [known[key] for key in keys]
    if host_bound is not None:
        connection.executemany(
            f"UPDATE {family.name}_series SET host_bound_suspected = ? WHERE series_id = ?",
            ((int(flag), series_id) for flag, series_id in zip(host_bound, ids)))
    return ids


def write_points(connection, family, rows):
    """Rows (series_id, *load, latency_nanoseconds); a point already there is replaced."""
    marks = ", ".join("?" * (len(family.load) + 2))
    connection.executemany(f"INSERT OR REPLACE INTO {family.name}_points VALUES ({marks})", rows)


def write_telemetry(connection, family, rows):
    """Rows (series_id, *load, *TELEMETRY)."""
    marks = ", ".join("?" * (len(family.load) + 1 + len(families.TELEMETRY)))
    connection.executemany(f"INSERT OR REPLACE INTO {family.name}_telemetry VALUES ({marks})", rows)
