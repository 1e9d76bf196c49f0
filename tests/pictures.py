"""Make docs/pictures/dashboard.png of reports/dashboard.md, as a browser shows it: `python -m tests.pictures`."""

import tempfile
from pathlib import Path

from markdown import markdown
from PIL import Image

from tests.chromium import Chromium
from tests.imports import ROOT

OUT = ROOT / "docs/pictures/dashboard.png"
_SIZE = (1000, 745)  # CSS pixels
_STYLE = """body { font: 15px/1.5 system-ui, sans-serif; margin: 24px 40px; color: #1f2328 }
h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em } code { background: #eff1f3; padding: .1em .3em }
table { border-collapse: collapse; font-size: 13px } th, td { border: 1px solid #d1d9e0; padding: 4px 9px }
tr:nth-child(even) { background: #f6f8fa } img { max-width: 100% }"""


def main() -> None:
    body = markdown((ROOT / "reports/dashboard.md").read_text(encoding="utf-8"), extensions=["tables"])
    head = f'<meta charset="utf-8"><base href="{(ROOT / "reports").as_uri()}/"><style>{_STYLE}</style>'
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dashboard.html"
        file.write_text(f"<!doctype html>{head}{body}", encoding="utf-8")
        with Chromium(Path(folder) / "profile", width=_SIZE[0], height=_SIZE[1]) as browser:
            browser.open(file.as_uri())
            browser.screenshot(OUT)
    Image.open(OUT).convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
