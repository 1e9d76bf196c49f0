"""Compare the figures of reports/ with those committed at HEAD; exit status 1 when one is off by too much."""

import json
import subprocess
import sys
from pathlib import Path

from starlight.reports.tolerance import TOLERANCE, differences

FILES = ("reports/metrics.json", "reports/headline.json", "reports/dataset.json")


def main() -> int:
    worst = 0
    for name in FILES:
        shown = subprocess.run(["git", "show", f"HEAD:{name}"], capture_output=True, text=True)
        if shown.returncode:
            print(f"{name}: not committed, nothing to compare with")
            worst = 1
            continue
        found = differences(json.loads(shown.stdout), json.loads(Path(name).read_text()))
        print(f"{name}: {len(found)} figures differ by more than the tolerance ({TOLERANCE})")
        for line in found[:40]:
            print(f"  {line}")
        worst |= bool(found)
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
