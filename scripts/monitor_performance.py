"""Watch a detector: measure it on a data set, raise alerts, write a report. For people and cron.

An alert that lasts is delivered once, and again only when it got worse or comes back after it was over; what could not
be delivered is tried again each round. The state is in alerts.jsonl of the output folder, so keep to one folder.
Alerts go to the apprise addresses in STARLIGHT_ALERT_URLS and figures to the endpoint in STARLIGHT_METRICS_URL, if set.
Exit status: 0 all well or alerts not asked for, 1 an alert with --fail-on-alert, 2 an error.
"""

import argparse
import os
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from starlight.errors import StarlightError
from starlight.monitor import FORMATS, VERSIONS, monitor
from starlight.monitor.alerts import AlertParams, summary, words
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


def _predict(raw: dict, path: Path, version: str, only: Collection[str] | None = None):
    from starlight.monitor.predict_folder import FolderParams, predict_folder  # torch, only where it is needed
    from starlight.store import default_root

    return predict_folder(path, version, only, store_root=default_root(), params=FolderParams.of(raw))


def _since(raw: dict, datasets: Path, manifest):
    from starlight.monitor.since_scan import since_scan

    sample = raw.get("sample")
    return since_scan(datasets, manifest, use_sample=not isinstance(sample, dict) or sample.get("enabled", True))


def main() -> int:
    given, raw = _arguments(), read("params.yaml")
    found = monitor(
        given.dataset_path, given.model_version, section(raw, "alerts", AlertParams),
        output_dir=given.output_dir, predict=partial(_predict, raw), since=partial(_since, raw),
        baseline=given.baseline, formats=given.format.replace(" ", "").split(","), environment=os.environ,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    print(*map(words, found.alerts), *found.notes, summary(found.alerts), *map(str, found.written), sep="\n")
    for problem in found.problems:
        print(f"not delivered: {problem}", file=sys.stderr)
    return int(given.fail_on_alert and found.raised)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (StarlightError, OSError) as error:  # uncaught it would end with 1, which says that there is an alert
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
