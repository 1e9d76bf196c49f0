"""How often the reader finds something in lossless images made from your photographs, which hold nothing.

python -m scripts.tools.bench_clean FOLDER... [--seconds 300] [--seed 0]
"""

import argparse
import contextlib
from collections import Counter
from pathlib import Path

import numpy as np

from starlight.images.files import image_files
from starlight.lab.clean.counting import count
from starlight.metrics.intervals import clopper_pearson


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="of photographs")
    parser.add_argument("--seconds", type=float, default=300.0, help="of CPU")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    paths = [folder / name for folder in arguments.folders for name in image_files(folder)[0]]
    seen, hits, photographs, times = Counter(), Counter(), set(), []
    with contextlib.suppress(KeyboardInterrupt):  # what was counted until then is told
        for one in count(paths, seed=arguments.seed, seconds=arguments.seconds):
            for group in ("all", f"kind {one.kind}", f"in {one.path.parent}"):
                seen[group] += 1
                hits[group] += bool(one.found)
            photographs.add(one.path)
            times.append(one.ms)
            for found in one.found[:3]:
                print(f"{one.path.name}:{one.kind}:{one.number}: {found}: {found.payload[:40]!r}", flush=True)
    print(f"images made from {len(photographs)} photographs, which are not independent of each other")
    for group, n in sorted(seen.items()):
        low, high = clopper_pearson(hits[group], n)
        print(f"{group}: {hits[group]} of {n}: {hits[group] / n:.4%} (95 %: {low:.4%} to {high:.4%})")
    print(f"{np.median(times):.1f} ms of CPU at the median")


if __name__ == "__main__":
    main()
