"""Make a submission with the programs of this machine that hide data; `--help` names those that were found."""

import argparse
from pathlib import Path

from starlight.errors import StarlightError
from starlight.sample.tools.submission import PAYLOADS, installed, make_submission


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("covers", type=Path, help="folder of cover images")
    parser.add_argument("out", type=Path, help="new folder, e.g. datasets/tools_submission_2025")
    parser.add_argument("--tools", nargs="+", help=f"of those installed: {', '.join(installed()) or 'none'}")
    parser.add_argument("--rates", nargs="+", type=float, default=[0.25, 0.5, 1.0], help="of the tool's capacity")
    parser.add_argument("--payloads", nargs="+", choices=PAYLOADS, default=["cipher"], help="covers take turns")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tools = tuple(given.tools) if given.tools else None
    kinds = {"rates": tuple(given.rates), "kinds": tuple(given.payloads)}
    try:
        made = make_submission(given.covers, given.out, tools=tools, seed=given.seed, **kinds)
    except StarlightError as error:
        parser.exit(2, f"{error}\n")
    for name, count in sorted(made.items()):
        print(f"{name}: {count} stego files")


if __name__ == "__main__":
    main()
