"""Stage `scan`: every submission checked, and one manifest of it all."""

from pathlib import Path

from starlight import manifest
from starlight.params import General, run_stage, section
from starlight.scan import ScanParams, scan
from starlight.scan_report import write
from starlight.store import default_root


def main(raw: dict) -> None:
    general, params = section(raw, None, General), section(raw, "scan", ScanParams)
    table, report = scan(Path("datasets"), params, general.seed, store_root=default_root())
    manifest.write(table, Path("artifacts/manifest.csv"))
    write(report, Path("reports/dataset.json"))
    aside = report["quarantined"]["total"]
    print(f"scan: {report['files']} files, {aside} set aside (see reports/dataset.json)")


if __name__ == "__main__":
    run_stage(main)
