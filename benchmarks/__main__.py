"""Print every figure beside its budget: `python -m benchmarks [--only NAME ...]`, in less than five minutes.

Nothing here is asserted: a slow machine is no bug. A figure that cannot be taken is a failure, though.
"""

from __future__ import annotations

import argparse

from benchmarks import deadlocks, latency, overhead, ready, requests
from benchmarks.machine import machine
from benchmarks.table import print_table

BENCHMARKS = {
    "ready": ready.figures,
    "deadlocks": deadlocks.figures,
    "latency": latency.figures,
    "requests": requests.figures,
    "overhead": overhead.figures,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be given more than once")
    wanted = parser.parse_args().only or list(BENCHMARKS)
    print(machine())
    for name in wanted:
        print(f"\n{name}")
        print_table(BENCHMARKS[name]())


main()
