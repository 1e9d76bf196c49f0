"""Stage `scan`: every submission checked, and one manifest of it all."""

import os
from pathlib import Path

from starlight.fanout import SCHEDULER
from starlight.params import run_stage, section
from starlight.scan.params import left_out
from starlight.scan.report import write
from starlight.scan.scan import ScanParams, scan_into
from starlight.store import default_root


def main(raw: dict) -> None:
    params = section(raw, "scan", ScanParams)
    report = scan_into(
        Path("artifacts/manifest.csv"), Path("datasets"), params, params.seed, leave_out=left_out(raw),
        scheduler=os.environ.get(SCHEDULER, ""), store_root=default_root(),
    )  # fmt: skip
    write(report, Path("reports/dataset.json"))
    aside = report["quarantined"]["total"]
    print(f"scan: {report['files']} files, {aside} set aside (see reports/dataset.json)")


if __name__ == "__main__":
    run_stage(main)
