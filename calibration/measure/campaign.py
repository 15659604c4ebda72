"""Measures a list of cases and keeps what it finds: in the store, and as CSV files of the documented schema."""

import csv
import json
import sys
import time
from pathlib import Path

IMPORTERS = Path(__file__).resolve().parent.parent / "import"
if str(IMPORTERS) not in sys.path:
    sys.path.insert(0, str(IMPORTERS))

import checked  # noqa: E402
import families  # noqa: E402
import method  # noqa: E402
import store  # noqa: E402
import write_kernels  # noqa: E402


def measure_all(
        cases, backend, meter, system, settings, say=lambda line: None, unsupported=Exception, seconds=None):
    """{family name: rows (series key, load, latency in ns, telemetry)}; cases that can't run are told, not kept.

    Ends early, keeping what it has, after `seconds` and on Ctrl-C.
    """
    found = {}
    try:
        measure_into(found, cases, backend, meter, system, settings, say, unsupported, seconds)
    except KeyboardInterrupt:
        say("interrupted: what was measured so far is kept")
    return found


def measure_into(found, cases, backend, meter, system, settings, say, unsupported, seconds):
    began = time.monotonic()
    for number, case in enumerate(cases):
        if seconds is not None and time.monotonic() - began >= seconds:
            say(f"time is up: {len(cases) - number} of {len(cases)} cases not measured")
            return
        family = families.BY_NAME[case.family]
        try:
            work, kernel = backend.prepare(case)
            result = method.measure(work, meter, settings)
        except unsupported as error:
            say(f"{case}: left out: {error}")
            continue
        identity = (system, backend.framework, backend.version, "", kernel)
        key = identity + tuple(case.shape[name] for name, _ in family.shape)
        load = tuple(case.load[name] for name in family.load_columns)
        latency = max(1, round(result.latency_seconds * 1e9))
        found.setdefault(case.family, []).append((key, load, latency, result.telemetry()))
        power = "" if result.power_watts is None else f", {result.power_watts:.0f} W"
        say(f"{case}: {result.latency_seconds * 1e6:.1f} us{power}")


def to_store(path, found, origin):
    """Adds what was found to a store. `origin`: the device and the day, for the books."""
    connection = store.open_store(path)
    for name, rows in found.items():
        file_id = store.register_file(connection, "calibration/measure", rows[0][0][2], f"{origin} {name}", name)
        write_kernels.add_rows(connection, families.BY_NAME[name], rows)
        store.record_counts(connection, file_id, len(rows), len(rows))
    connection.commit()


def machine(backend, meter, system, day):
    """What the figures belong to: the device, its software, its limits, and what it draws with nothing running."""
    return {"system": system, "day": day, "framework": backend.framework, "framework_version": backend.version} | (
        backend.described()) | ({} if meter is None else meter.described())


def to_csv(folder, found, described=None):
    """One CSV a family, as `calibration/import kernels` reads it, and machine.json."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if described is not None:
        (folder / "machine.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    for name, rows in found.items():
        family = families.BY_NAME[name]
        columns = [column for column, _, _ in checked.kernel_columns(family)]
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            for key, load, latency, telemetry in rows:
                values = dict(zip(family.series_columns, key)) | dict(zip(family.load_columns, load))
                values |= {"latency_seconds": f"{latency * 1e-9:.9f}"}
                values |= dict(zip((column for column, _ in families.TELEMETRY), telemetry))
                writer.writerow({column: "" if values[column] is None else values[column] for column in columns})
