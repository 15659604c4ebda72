"""Imports end-to-end points: the packages' sample, cleaned, and benchmark-point CSV files, checked."""

from collections import Counter

import point_columns
import point_rules as rules
import sample
import splits
import store

FAMILY = "end_to_end"


def import_sample(connection, wheels, fit_hashes, say=lambda line: None):
    """Imports the sample of the first package that has one (the packages carry the same file)."""
    for wheel in wheels:
        found = wheel.read_text("/systems/silicon_sample.csv")
        if found:
            path, text = found
            file_id = store.register_file(connection, wheel.package, wheel.version, path, FAMILY)
            points, log = cleaned(sample.read_sample(text))
            write_sample(connection, file_id, points, log, fit_hashes)
            say(f"  {FAMILY}: {len(points)} points of {len(points) + sum(line.action == 'dropped' for line in log)} rows")
            return points
    return []


class Line:
    """What one rule did to one row."""

    def __init__(self, point, rule, action, detail):
        self.id, self.rule, self.action, self.detail = point["id"], rule, action, detail


def cleaned(raw):
    """Applies every rule: the points that stay, flagged, and a line for each row that a rule dropped or changed."""
    log, passed = [], []
    position = {point["id"]: index for index, point in enumerate(raw)}
    for point in raw:
        if keep(point, log):
            passed.append(point)
    points, dropped = rules.same_measurement(passed, lambda point: rules.preference(point, position[point["id"]]))
    log += [Line(point, "same_measurement", "dropped", f"the run of {kept['id']}") for point, kept in dropped]
    points.sort(key=lambda point: position[point["id"]])
    for rule, flag in rules.FLAGGING.items():
        flagged = flag(points)
        for point in points:
            point[rule] = point["id"] in flagged
            if point[rule]:
                log.append(Line(point, rule, "flagged", flagged[point["id"]]))
                if rule == "mtp_suspected":
                    point["mtp_rule"] = flagged[point["id"]]
    return points, log


def keep(point, log):
    """Repairs one row; whether it stays."""
    reason = rules.incomplete(point)
    if reason:
        log.append(Line(point, "incomplete", "dropped", reason))
        return False
    repair = rules.squared_parallelism(point)
    if repair:
        log.append(Line(point, repair[0], "repaired", repair[1]))
        point["repairs"] = [repair[0]]
    point["accelerators"] = rules.accelerators(point)
    for rule in rules.DROPPING:
        reason = rule(point)
        if reason:
            log.append(Line(point, rule.__name__, "dropped", reason))
            return False
    return True


def write_sample(connection, file_id, points, log, fit_hashes):
    connection.execute("DELETE FROM end_to_end WHERE file_id = ?", (file_id,))
    connection.execute("DELETE FROM end_to_end_cleaning WHERE id LIKE 'inferencex:%'")
    connection.executemany(
        "INSERT OR REPLACE INTO end_to_end_cleaning VALUES (?, ?, ?, ?)",
        ((line.id, line.rule, line.action, line.detail) for line in log))
    for (rule, action), count in Counter((line.rule, line.action) for line in log).items():
        store.record_rule(connection, rule, action, FAMILY, file_id, count, rules.REASONS[rule])
    dropped = sum(line.action == "dropped" for line in log)
    store.record_counts(connection, file_id, len(points) + dropped, len(points))
    for point in points:
        point["repairs"] = ", ".join(point["repairs"])
    write_points(connection, file_id, points, fit_hashes)


def write_points(connection, file_id, points, fit_hashes):
    """Adds points under their split; a point of the same id is replaced."""
    names = point_columns.ALL_NAMES
    for point in points:
        key = splits.configuration_key(point)
        point["configuration_key"], point["configuration_hash"] = key, splits.configuration_hash(key)
        point["split"] = splits.split_of(point["suite"], point["configuration_hash"], fit_hashes)
        point["file_id"] = file_id
    connection.executemany(
        f"INSERT OR REPLACE INTO end_to_end ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        ([blank(point.get(name)) for name in names] for point in points))
    connection.commit()


def blank(value):
    return None if value == "" else value


def import_csv(connection, path, points, fit_hashes):
    """Imports the points of one checked CSV file (see `checked.read_points`)."""
    file_id = store.register_file(connection, "points CSV", "", str(path), FAMILY)
    connection.execute("DELETE FROM end_to_end WHERE file_id = ?", (file_id,))
    store.record_counts(connection, file_id, len(points), len(points))
    write_points(connection, file_id, points, fit_hashes)
