"""Builds and extends the measurement store: `python3 calibration/import COMMAND`, --help says more."""

import argparse
import sys
import time
from pathlib import Path

import kernels
import packages
import store

STORE = Path(__file__).resolve().parent.parent / "measurements.sqlite"


def say(line):
    print(line, file=sys.stderr, flush=True)


def command_packages(arguments):
    """Imports the aiconfigurator packages."""
    paths = arguments.wheel or packages.fetched(packages.PACKAGES)
    wheels = [packages.Wheel(path) for path in paths]
    connection = store.open_store(arguments.store)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    began = time.monotonic()
    for wheel in wheels:
        say(f"{wheel.package} {wheel.version}")
    only = set(arguments.only) if arguments.only else None
    unknown = kernels.import_wheels(connection, wheels, only, say)
    for path in unknown:
        say(f"  no family for {path}")
    connection.execute("ANALYZE")
    connection.commit()
    say(f"{arguments.store}: {Path(arguments.store).stat().st_size / 1e6:.0f} MB in {time.monotonic() - began:.0f} s")


def main():
    parser = argparse.ArgumentParser(prog="calibration/import", description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, default=STORE, help="the SQLite file (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("packages", help=command_packages.__doc__)
    command.add_argument(
        "--wheel", action="append", type=Path, help="a wheel already downloaded (repeatable); else pip downloads")
    command.add_argument("--only", action="append", metavar="FAMILY", help="only this family (repeatable)")
    command.set_defaults(run=command_packages)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
