"""The images of the scale benchmark are what it says they are."""

from starlight.bench.scale import generate
from starlight.scan import ScanParams, scan


def test_generated_images_scan_without_fault(tmp_path):
    generate(tmp_path, 0, 40, 0, 1)
    table, report = scan(tmp_path, ScanParams(workers=1), 0)
    assert report["quarantined"]["total"] == 0
    assert report["kinds"] == {"clean": 36, "stego": 4, "negative": 0, "forged": 0}
    assert report["stego_with_twin"] == 4 and report["covers"]["total"] == 36
    assert set(table["format"]) == {"png", "jpeg"}
