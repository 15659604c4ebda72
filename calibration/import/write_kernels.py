"""Adds kernel measurements that a user brings: rows in the project's own columns."""

import families
import store


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
