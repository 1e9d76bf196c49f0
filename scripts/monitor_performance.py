"""Watch a detector: measure it on a data set, raise alerts, write a report. For people and cron.

An alert that lasts is delivered once, and again only when it got worse or comes back after it was over; what could not
be delivered is tried again each round. The state is in alerts.jsonl of the output folder, so keep to one folder.
Alerts go to the apprise addresses in STARLIGHT_ALERT_URLS and figures to the endpoint in STARLIGHT_METRICS_URL, if set.
Exit status: 0 all well or alerts not asked for, 1 an alert with --fail-on-alert, 2 an error.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(HOME))  # run as a file, from any folder

from starlight.errors import StarlightError  # noqa: E402
from starlight.monitor import command, monitor  # noqa: E402
from starlight.monitor.alerts import AlertParams, summary, words  # noqa: E402
from starlight.monitor.unlabelled import of_answers  # noqa: E402
from starlight.params import read, section  # noqa: E402


def main() -> int:
    given = command.arguments(__doc__)
    if given.answers:
        print(*of_answers(given.answers), sep="\n")
        return 0
    project = command.project(given.dataset_path, HOME)
    raw, dataset = read(project / "params.yaml"), given.dataset_path or project / "datasets"
    if not dataset.exists() and (project / dataset).exists():  # as it is called from the project's root
        dataset = project / dataset
    found = monitor(
        dataset, given.model_version, section(raw, "alerts", AlertParams), places=command.places(project),
        output_dir=given.output_dir or project / "artifacts/monitor",
        predict=command.predictor(raw, project), since=command.newcomers(raw),
        baseline=given.baseline, formats=given.format.replace(" ", "").split(","), environment=os.environ,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    said = (*map(words, found.alerts), *found.notes, *found.false_alarms, summary(found.alerts), *found.written)
    print(*said, sep="\n")
    for problem in found.problems:
        print(f"not delivered: {problem}", file=sys.stderr)
    return int(given.fail_on_alert and found.raised)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (StarlightError, OSError) as error:  # uncaught it would end with 1, which says that there is an alert
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
