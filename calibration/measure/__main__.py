"""Measures kernels on this machine's GPU: latency, power, clock, temperature. `python3 calibration/measure --help`.

Collectives need one process a GPU:
  torchrun --nproc-per-node 8 calibration/measure/__main__.py --families collectives --system h200-sxm
"""

import argparse
import datetime
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import campaign  # noqa: E402
import method  # noqa: E402
import nvml  # noqa: E402
import plan  # noqa: E402
import torch_backend  # noqa: E402

STORE = Path(__file__).resolve().parent.parent / "measurements.sqlite"


def parser():
    top = argparse.ArgumentParser(prog="calibration/measure", description=__doc__.splitlines()[0])
    top.add_argument("--system", required=True, help="the system's id in the catalogue, or your own name for it")
    top.add_argument(
        "--families", default=",".join(plan.FAMILIES), help="families to measure (default: %(default)s)")
    top.add_argument("--quick", action="store_true", help="a few shapes of each family: a minute, not an hour")
    top.add_argument(
        "--minutes", type=float, help="stop then; the cases go in an order that covers all families evenly")
    top.add_argument("--no-power", action="store_true", help="latency only, several times faster")
    top.add_argument("--store", type=Path, default=STORE, help="the store to add to (default: %(default)s)")
    top.add_argument("--csv", type=Path, metavar="FOLDER", help="write CSV files there instead of the store")
    return top


def meter_of(backend, wanted):
    if not wanted:
        return None
    try:
        return nvml.NvmlMeter(str(backend.uuid) if backend.uuid else None, backend.device.index)
    except Exception as error:  # NVML's own errors, or no package: latency is still worth having
        print(f"no power readings: {error}", file=sys.stderr)
        return None


def main():
    arguments = parser().parse_args()
    wanted = arguments.families.split(",")
    if arguments.minutes is not None and not arguments.minutes > 0:
        parser().error(f"--minutes {arguments.minutes:g}: must be more than 0")
    unknown = [name for name in wanted if name not in plan.FAMILIES]
    if unknown:
        parser().error(f"no family {', '.join(unknown)}; there is {', '.join(plan.FAMILIES)}")
    rank, ranks = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    try:
        backend = torch_backend.TorchBackend(int(os.environ.get("LOCAL_RANK", 0)))
    except (ImportError, RuntimeError) as error:
        sys.exit(f"can't measure here: {error}")
    if ranks > 1:
        if arguments.minutes is not None:
            parser().error("--minutes: not with torchrun (each rank would stop by its own clock)")
        # Every rank must run the same launches: what needs other ranks is all that can run so, for a fixed count.
        wanted = ["collectives"]
        backend.torch.distributed.init_process_group("nccl")
    elif "collectives" in wanted and backend.accelerators > 1:
        print("collectives need torchrun: see --help", file=sys.stderr)
    settings = method.Settings()
    meter = meter_of(backend, not arguments.no_power and ranks == 1)
    cases = plan.cases(wanted, backend.dtypes(), backend.accelerators, ranks, arguments.quick)
    if arguments.minutes is not None:
        cases = plan.spread(cases)

    def say(line):
        if rank == 0:
            print(line, file=sys.stderr, flush=True)

    today = str(datetime.date.today())
    described = campaign.machine(backend, meter, arguments.system, today)
    if ranks > 1:
        backend = torch_backend.Agreeing(backend)
    found = campaign.measure_all(
        cases, backend, meter, arguments.system, settings, say, torch_backend.Unsupported,
        None if arguments.minutes is None else 60 * arguments.minutes)
    if rank == 0:
        if arguments.csv:
            campaign.to_csv(arguments.csv, found, described)
        else:
            campaign.to_store(arguments.store, found, f"{backend.name} {today}")


if __name__ == "__main__":
    main()
