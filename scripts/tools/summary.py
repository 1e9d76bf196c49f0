"""The last lines of `make repro`: where the dashboard is, and its main figures."""

import json
from pathlib import Path

from starlight.markdown import percent

SHOWN = ("fpr", "protocol_detection", "recall", "precision", "auc")


def main() -> None:
    figures = json.loads(Path("reports/headline.json").read_text())
    print("\nreports/dashboard.md")
    for name in SHOWN:
        value = figures.get(name)
        print(f"  {name:20} {'-' if value is None else f'{value:.4f}' if name == 'auc' else percent(value)}")
    print(f"  {'fpr, upper end':20} {percent(figures['fpr_high'])} (95 % interval)")


if __name__ == "__main__":
    main()
