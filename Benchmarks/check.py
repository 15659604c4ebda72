#!/usr/bin/env python3
"""Holds the benchmarks to their thresholds: instructions an operation, counted by callgrind or QEMU.

Wall time moves by tens of per cent from run to run, instruction counts by less than one in a thousand. What is compared
is the second pass of each benchmark: the count of a run with two passes less that of a run with one, so that set-up and
cold caches of memory don't count.

    check.py              exit 1 if a count exceeds its threshold by more than the tolerance
    check.py --update     write what was counted as the thresholds of this version of Swift
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TIERS = ("frequent", "targeted", "simulation")
# Counted when asked for, and held to nothing: what is compared is one with another.
FEATURES = "feature"


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def output(*command):
    # The order of dictionaries would make set-up differ from run to run.
    environment = os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        fail(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout, result.stderr


def swift_version():
    """The compiler's version, major and minor: code generation changes from one to the next."""
    text, _ = output("swift", "--version")
    match = re.search(r"Swift version (\d+\.\d+)", text)
    return match[1] if match else fail(f"no version in: {text}")


def counter(binary, folder, prefers_qemu):
    """The command that counts the instructions of another: callgrind, or QEMU where that can't read the binary.

    QEMU is some ten times as fast; on the Poisson run its count is 0.5 % above callgrind's.
    """
    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    if shutil.which("valgrind") and not prefers_qemu:
        if subprocess.run([*callgrind, binary, "--list"], capture_output=True).returncode == 0:
            return callgrind
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    if not shutil.which(f"qemu-{machine}"):
        fail("instructions are counted by callgrind or QEMU: apt-get install valgrind qemu-user")
    plugin = folder / "instructions.so"
    output("cc", "-shared", "-fPIC", "-O2", "-o", str(plugin), str(HERE / "instructions.c"))
    return [f"qemu-{machine}", "-plugin", str(plugin)]


def count(command, binary, name, passes):
    """Instructions of a whole run; operations and checksum of its benchmark."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        _, log = output(*command, binary, "--only", name, "--passes", str(passes), "--json", report.name)
        measured = json.load(report)[0]
    collected = re.search(r"Collected : (\d+)", log)
    if not collected:
        fail(f"nothing was counted:\n{log}")
    return int(collected[1]), measured["operations"], measured["checksum"]


def measure(command, binary, name):
    first, _, _ = count(command, binary, name, 1)
    second, operations, checksum = count(command, binary, name, 2)
    return {"instructions_per_operation": round((second - first) / operations, 2), "checksum": checksum}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help="write the thresholds")
    parser.add_argument("--tolerance", type=float, default=0.03, help="allowed excess, 0.03 for 3 %%")
    parser.add_argument("--only", action="append", help="check this benchmark alone; may be repeated")
    parser.add_argument("--qemu", action="store_true", help="count by QEMU though callgrind is there: faster")
    parser.add_argument("--features", action="store_true", help="count what each feature costs instead")
    arguments = parser.parse_args()
    built = HERE / ".build" / "release" / "tokenmill-bench"
    if not built.exists():
        fail("not built yet: make bench")
    path = HERE / "Thresholds" / f"{swift_version()}.json"
    thresholds = json.loads(path.read_text()) if path.exists() else {}
    if not thresholds and not arguments.update:
        fail(f"no thresholds for this version of Swift: write {path.name} with --update")

    with tempfile.TemporaryDirectory(dir=built.parent.resolve()) as folder:
        # Debugging information newer than valgrind keeps it from starting. Resources are looked for beside the binary.
        binary = pathlib.Path(folder) / built.name
        output("strip", "--strip-debug", "-o", str(binary), str(built))
        for bundle in built.parent.glob("*.resources"):
            (binary.parent / bundle.name).symlink_to(bundle.resolve())
        command = counter(str(binary), pathlib.Path(folder), arguments.qemu)
        tiers = (FEATURES,) if arguments.features else TIERS
        listed, _ = output(str(binary), "--list", *(word for tier in tiers for word in ("--tier", tier)))
        names = [name for name in listed.split() if not arguments.only or name in arguments.only]
        exceeded = []
        counted = {}
        print(f"{'benchmark':<32}{'instructions/op':>17}{'threshold':>13}")
        for name in names:
            counted[name] = measure(command, binary, name)
            found = counted[name]["instructions_per_operation"]
            known = thresholds.get(name)
            line = f"{name:<32}{found:>17.2f}"
            if known:
                limit = known["instructions_per_operation"]
                line += f"{limit:>13.2f}  {100 * (found / limit - 1):+.1f} %"
                tolerance = arguments.tolerance
                if known["checksum"] != counted[name]["checksum"]:
                    # Other costs of steps make other numbers of steps: the threshold is a rough guide then.
                    tolerance *= 5
                    line += "  (computes something else than when the threshold was written)"
                if found > limit * (1 + tolerance):
                    exceeded.append(name)
                    line += "  EXCEEDED"
            elif not arguments.update and not arguments.features:
                exceeded.append(name)
                line += "  has no threshold"
            print(line, flush=True)

    if arguments.update and not arguments.features:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(thresholds | counted, indent=2, sort_keys=True) + "\n")
        print(f"wrote {path.name}")
    elif exceeded:
        print(f"above the threshold: {', '.join(exceeded)}", file=sys.stderr)
        print("If the change is worth it, write new thresholds with --update and say why.", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
