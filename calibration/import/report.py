"""What is in a store and what cleaning did, as text."""

import families


def cleaning_report(connection):
    """Every rule with what it did, to how many rows, and why."""
    lines = []
    for rule, action, reason, rows, files in connection.execute(
            "SELECT rule, action, reason, SUM(rows), COUNT(*) FROM cleaning GROUP BY rule, action ORDER BY action, rule"):
        named = ", ".join(
            f"{family} {count}" for family, count in connection.execute(
                "SELECT family, SUM(rows) FROM cleaning WHERE rule = ? AND action = ? GROUP BY family ORDER BY 2 DESC",
                (rule, action)))
        lines.append(f"{action:9} {rule}: {rows} rows in {files} files ({named})\n          {reason}")
    return "\n".join(lines)


def family_report(connection):
    """Rows of each family by system and framework, with the versions."""
    lines = []
    for family in families.FAMILIES:
        total = connection.execute(f"SELECT COUNT(*) FROM {family.name}_points").fetchone()[0]
        if not total:
            continue
        powered = connection.execute(
            f"SELECT COUNT(*) FROM {family.name}_telemetry WHERE power_watts IS NOT NULL").fetchone()[0]
        lines.append(f"{family.name}: {total} points, {powered} with power ({family.summary})")
        for row in connection.execute(
                f"SELECT s.system, s.framework, SUM(points), GROUP_CONCAT(DISTINCT s.framework_version) FROM {family.name}_series s"
                f" JOIN (SELECT series_id, COUNT(*) AS points FROM {family.name}_points GROUP BY series_id) USING (series_id)"
                " GROUP BY 1, 2 ORDER BY 1, 2"):
            lines.append(f"  {row[0]:14} {row[1]:13} {row[2]:9}  {row[3]}")
    return "\n".join(lines)


def points_report(connection):
    """End-to-end points by suite, split, framework, system, model and weights."""
    lines = []
    for row in connection.execute(
            "SELECT suite, split, mode, framework, system, model, weights, COUNT(*), COUNT(DISTINCT configuration_hash)"
            " FROM end_to_end GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7"):
        lines.append("  ".join(str(value if value is not None else "-") for value in row))
    return "\n".join(lines)
