"""Decode and read mutated image files, and print what became of each: `make fuzz FILES=N`."""

import argparse
import os
import sys

from starlight.lab.fuzz import fuzzing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000, help="how many files to make and try")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same files")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="processes at a time")
    options = parser.parse_args()
    report = fuzzing.run(options.files, options.seed, processes=options.processes)
    print(fuzzing.table(report))
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
