"""Stage `scan`: every submission checked, and one manifest of it all."""

from pathlib import Path

from starlight import manifest
from starlight.params import run_stage, section
from starlight.scan.report import write
from starlight.scan.scan import ScanParams, scan
from starlight.store import default_root


def main(raw: dict) -> None:
    params, sample = section(raw, "scan", ScanParams), raw.get("sample") or {}
    table, report = scan(
        Path("datasets"), params, params.seed, use_sample=bool(sample.get("enabled", True)), store_root=default_root()
    )
    manifest.write(table, Path("artifacts/manifest.csv"))
    write(report, Path("reports/dataset.json"))
    aside = report["quarantined"]["total"]
    print(f"scan: {report['files']} files, {aside} set aside (see reports/dataset.json)")


if __name__ == "__main__":
    run_stage(main)
