"""`python -m starlight`."""

import sys

from starlight.cli import main

if __name__ == "__main__":
    sys.exit(main())
