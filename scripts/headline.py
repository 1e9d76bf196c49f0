"""Stage `headline`: a dozen figures of one detector, for `dvc metrics diff`."""

import json
from pathlib import Path

from starlight import metrics
from starlight.params import General, run_stage, section

OUT = Path("reports")


def main(raw: dict) -> None:
    measured = json.loads((OUT / "metrics.json").read_text(encoding="utf-8"))
    (OUT / "headline.json").write_text(metrics.dumps(metrics.headline(measured, section(raw, None, General).headline)))


if __name__ == "__main__":
    run_stage(main)
