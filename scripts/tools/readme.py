"""Write the figures in README.md and docs/ anew from models/release/."""

from pathlib import Path

from starlight.errors import StarlightError
from starlight.release.readme import fill, pages

if __name__ == "__main__":
    try:
        for page in pages(Path()):
            text = page.read_text(encoding="utf-8")
            if (new := fill(text, Path("models/release"))) != text:
                page.write_text(new, encoding="utf-8", newline="\n")
                print(f"{page}: figures brought up to date")
    except StarlightError as error:
        raise SystemExit(f"error: {error}") from None
