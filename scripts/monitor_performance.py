"""Watch a detector: measure it on a data set, raise alerts, write a report. For people and cron.

Alerts go to the apprise addresses in STARLIGHT_ALERT_URLS and figures to the endpoint in STARLIGHT_METRICS_URL, if set.
Exit status: 0 all well or alerts not asked for, 1 an alert with --fail-on-alert, 2 an error.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from starlight.alerts import Limits, summary, words
from starlight.errors import StarlightError
from starlight.monitor import FORMATS, VERSIONS, monitor
from starlight.params import read, section


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a detector on a data set, raise alerts, write a report.")
    parser.add_argument("--model-version", choices=VERSIONS, default="V4")
    parser.add_argument("--dataset-path", type=Path, default=Path("datasets"), metavar="DIR")
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="metrics.json, monitor.json or history.jsonl")
    parser.add_argument("--output-dir", type=Path, default=Path("artifacts/monitor"), metavar="DIR")
    parser.add_argument("--format", default="json,md", help=f"of {','.join(FORMATS)}")
    parser.add_argument("--fail-on-alert", action="store_true", help="exit status 1 where there is an alert")
    return parser.parse_args()


def _predict(path: Path, version: str):
    from starlight.evaluate_folder import predict_folder  # torch, only where it is needed
    from starlight.store import default_root

    return predict_folder(path, version, store_root=default_root())


def main() -> int:
    given = _arguments()
    found = monitor(
        given.dataset_path, given.model_version, section(read("params.yaml"), "alerts", Limits),
        output_dir=given.output_dir, predict=_predict, baseline=given.baseline,
        formats=given.format.replace(" ", "").split(","), environment=os.environ,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    print(*map(words, found.alerts), summary(found.alerts), *map(str, found.written), sep="\n")
    for problem in found.problems:
        print(f"not delivered: {problem}", file=sys.stderr)
    return int(given.fail_on_alert and found.raised)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (StarlightError, OSError) as error:  # uncaught it would end with 1, which says that there is an alert
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
