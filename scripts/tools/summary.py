"""The last lines of `make repro`: where the dashboard is, and its main figures."""

import json
from pathlib import Path

from starlight.markdown import percent

SHOWN = ("fpr", "fpr_upper_end", "found_protocol", "found_stego", "precision", "auc")


def main() -> None:
    figures = json.loads(Path("reports/headline.json").read_text())
    print("\nreports/dashboard.md")
    for name in SHOWN:
        value = figures.get(name)
        print(f"  {name:16} {'-' if value is None else f'{value:.4f}' if name == 'auc' else percent(value)}")


if __name__ == "__main__":
    main()
