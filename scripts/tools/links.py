"""Broken links among the data sets: named, and put into .dvcignore, since DVC stops at the first it meets.

`scan` sees them all the same, and sets them aside with the reason. Links that work again leave .dvcignore.
"""

import sys
from pathlib import Path

from starlight.scan.broken_links import broken_links, ignore

if __name__ == "__main__":
    found = broken_links(Path("datasets"))
    ignore(found, Path(".dvcignore"))
    for name in found:
        print(f"note: {name}: a link to nothing, set aside (.dvcignore names it)", file=sys.stderr)
