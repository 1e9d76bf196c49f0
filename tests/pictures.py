"""Make docs/pictures anew, as a browser shows them: `python -m tests.pictures`.

`dashboard.png` is of reports/dashboard.md, `report.png` the page of `starlight detect --report` on pictures made here.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from markdown import markdown
from PIL import Image

from starlight.sample.covers import make
from starlight.techniques import get
from tests.chromium import Chromium
from tests.imports import ROOT

OUT = ROOT / "docs/pictures"
_STYLE = """body { font: 15px/1.5 system-ui, sans-serif; margin: 24px 40px; color: #1f2328 }
h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em } code { background: #eff1f3; padding: .1em .3em }
table { border-collapse: collapse; font-size: 13px } th, td { border: 1px solid #d1d9e0; padding: 4px 9px }
tr:nth-child(even) { background: #f6f8fa } img { max-width: 100% }"""
_MEET = b"Meet me where the old mill stands, at noon on the third. Bring the second half of the map, and tell nobody."
_KEY = b"The key is under the third stone from the left. Burn this after reading."


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _shot(_dashboard(Path(folder)), (1000, 745), OUT / "dashboard.png")
        _shot(_report(Path(folder)), (900, 880), OUT / "report.png")


def _dashboard(folder: Path) -> Path:
    body = markdown((ROOT / "reports/dashboard.md").read_text(encoding="utf-8"), extensions=["tables"])
    head = f'<meta charset="utf-8"><base href="{(ROOT / "reports").as_uri()}/"><style>{_STYLE}</style>'
    page = folder / "dashboard.html"
    page.write_text(f"<!doctype html>{head}{body}", encoding="utf-8")
    return page


def _report(folder: Path) -> Path:
    """Photographs by the camera model, drawings, three payloads and a torn file, judged by the released detector."""
    photos, rng = folder / "holiday", np.random.default_rng(7)
    photos.mkdir()
    for name in ("arch", "beach", "coast", "dunes", "evening", "ferry", "garden", "hill"):
        Image.fromarray(make("camera", rng, 240, 320, name).pixels).save(photos / f"{name}.jpg", quality=90)
    boats, poster = (make(source, rng, 240, 320, "0").pixels for source in ("camera", "drawing"))
    Image.fromarray(get("lsb.rgb").embed(boats, _MEET)).save(photos / "boats.png")
    whole = np.dstack([poster, np.full(poster.shape[:2], 255, np.uint8)])
    Image.fromarray(get("alpha").embed(whole, _MEET)).save(photos / "poster.png")
    (photos / "bridge.jpg").write_bytes((photos / "arch.jpg").read_bytes() + _KEY)
    (photos / "torn.png").write_bytes((photos / "boats.png").read_bytes()[:900])
    detect = [sys.executable, "-m", "starlight", "detect", "holiday", "--report", "page.html", "--explain", "--quiet"]
    subprocess.run(detect, cwd=folder, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    return folder / "page.html"


def _shot(page: Path, size: tuple[int, int], out: Path) -> None:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        Chromium(Path(profile), width=size[0], height=size[1]) as browser,
    ):
        browser.open(page.as_uri())
        browser.screenshot(out)
    Image.open(out).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(out, optimize=True)


if __name__ == "__main__":
    main()
