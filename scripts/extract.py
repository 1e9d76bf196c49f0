"""Stage `extract`: streams of every image, once per distinct content."""

import os
from pathlib import Path

from starlight import manifest
from starlight.extract.extract import NEEDED, ExtractParams, extract
from starlight.fanout import SCHEDULER
from starlight.params import run_stage, section
from starlight.scan.params import ScanParams, limits
from starlight.store import default_root


def main(raw: dict) -> None:
    params, scan_params = section(raw, "extract", ExtractParams), section(raw, "scan", ScanParams)
    table = manifest.read(Path("artifacts/manifest.csv"), NEEDED)
    done = extract(
        table, Path("datasets"), Path("artifacts/streams"), params, default_root(), limits=limits(scan_params),
        scheduler=os.environ.get(SCHEDULER, ""),
    )  # fmt: skip
    new = max(done["computed"].values())
    print(f"extract: {done['images']} images, {new} of them new, {done['failed']} failed")


if __name__ == "__main__":
    run_stage(main)
