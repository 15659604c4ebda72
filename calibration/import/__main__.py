"""Builds and extends the measurement store: `python3 calibration/import COMMAND`, --help says more."""

import argparse
import sys
import time
from pathlib import Path

import checked
import export
import families
import kernels
import packages
import point_sample
import points
import report
import splits
import store
import table_files
import write_kernels

STORE = Path(__file__).resolve().parent.parent / "measurements.sqlite"
KERNELS = STORE.parent / "kernels"
SAMPLE = STORE.parent / "points" / "inferencex-sample.csv"


def say(line):
    print(line, file=sys.stderr, flush=True)


def command_packages(arguments):
    """import the aiconfigurator packages: kernel tables and end-to-end points"""
    paths = arguments.wheel or packages.fetched(packages.PACKAGES)
    wheels = [packages.Wheel(path) for path in paths]
    connection = store.open_store(arguments.store)
    # Nothing here can't be imported again, so a crash may cost the file but not the time of a journal.
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    began = time.monotonic()
    for wheel in wheels:
        say(f"{wheel.package} {wheel.version}")
        connection.execute(
            "INSERT OR REPLACE INTO store_info VALUES (?, ?)",
            (f"sha256 of {wheel.package} {wheel.version}", wheel.sha256()))
    only = set(arguments.only) if arguments.only else None
    unknown = kernels.import_wheels(connection, wheels, only, say)
    if only is None or points.FAMILY in only:
        points.import_sample(connection, wheels, splits.fit_configurations(), say)
    for path in unknown:
        say(f"  no family for {path}")
    connection.execute("ANALYZE")
    connection.commit()
    print(report.cleaning_report(connection))
    say(f"{arguments.store}: {Path(arguments.store).stat().st_size / 1e6:.0f} MB in {time.monotonic() - began:.0f} s")


def command_points(arguments):
    """import benchmark points (CSV)"""
    read = [(path, checked.read_points(path)) for path in arguments.file]
    connection = store.open_store(arguments.store)
    for path, found in read:
        points.import_csv(connection, path, found, splits.fit_configurations())
        say(f"{path}: {len(found)} points")


def command_kernels(arguments):
    """import your own kernel measurements (CSV, one file a family)"""
    family = families.BY_NAME[arguments.family]
    read = [(path, checked.read_kernels(path, family)) for path in arguments.file]
    connection = store.open_store(arguments.store)
    for path, rows in read:
        write_kernels.import_csv(connection, path, family, rows)
        say(f"{path}: {len(rows)} {family.name} points")


def command_tables(arguments):
    """import tables in the packages' layout, named SYSTEM-TABLE.csv[.gz]"""
    connection = store.open_store(arguments.store)
    for path in arguments.file:
        family, read, kept = table_files.import_table(connection, path)
        say(f"{path}: {kept} {family} points of {read} rows")


def command_families(arguments):
    """list the operator families and the columns of their CSV files"""
    for family in families.FAMILIES:
        print(f"{family.name}: {family.summary}")
        needed = [name for name, _, _ in checked.kernel_columns(family)]
        print(f"  {','.join(needed)}")


def command_report(arguments):
    """print what is in the store and what cleaning did"""
    connection = store.open_store(arguments.store, create=False)
    print("Families\n" + report.family_report(connection))
    print("\nEnd-to-end points (suite, split, mode, framework, system, model, weights, points, configurations)")
    print(report.points_report(connection))
    print("\nCleaning\n" + report.cleaning_report(connection))


def command_export(arguments):
    """write a small sample of the kernel measurements as CSV"""
    connection = store.open_store(arguments.store, create=False)
    for name, (rows, size) in export.export(connection, arguments.out).items():
        say(f"{arguments.out}/{name}.csv.gz: {rows} rows, {size / 1e3:.0f} kB")


def command_sample(arguments):
    """write a small sample of the InferenceX points as CSV"""
    connection = store.open_store(arguments.store, create=False)
    rows, size = point_sample.export(connection, arguments.out)
    say(f"{arguments.out}: {rows} points, {size / 1e3:.0f} kB")


def command_splits(arguments):
    """write the list of InferenceX configurations to fit on, from a points CSV that holds exactly those"""
    keys = {splits.configuration_key(point) for point in checked.read_points(arguments.file)}
    splits.write_fit_configurations(keys, arguments.out)
    say(f"{arguments.out}: {len(keys)} configurations")


def parser():
    top = argparse.ArgumentParser(prog="calibration/import", description=__doc__.splitlines()[0])
    top.add_argument("--store", type=Path, default=STORE, help="the SQLite file (default: %(default)s)")
    commands = top.add_subparsers(dest="command", required=True)

    def command(name, function):
        added = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        added.set_defaults(run=function)
        return added

    added = command("packages", command_packages)
    added.add_argument(
        "--wheel", action="append", type=Path, help="a wheel already downloaded (repeatable); else pip downloads them")
    added.add_argument("--only", action="append", metavar="FAMILY", help="only this family (repeatable)")
    command("points", command_points).add_argument("file", nargs="+", type=Path)
    added = command("kernels", command_kernels)
    added.add_argument("family", choices=sorted(families.BY_NAME))
    added.add_argument("file", nargs="+", type=Path)
    command("tables", command_tables).add_argument("file", nargs="+", type=Path)
    command("families", command_families)
    command("report", command_report)
    command("export", command_export).add_argument("--out", type=Path, default=KERNELS)
    command("sample", command_sample).add_argument("--out", type=Path, default=SAMPLE)
    added = command("splits", command_splits)
    added.add_argument("file", type=Path)
    added.add_argument("--out", type=Path, default=splits.INFERENCEX_FIT)
    return top


def main():
    arguments = parser().parse_args()
    try:
        arguments.run(arguments)
    except (checked.Refused, store.StoreError, ValueError, FileNotFoundError) as error:
        say(str(error))
        sys.exit(2)


if __name__ == "__main__":
    main()
