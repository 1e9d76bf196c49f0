"""The log of alerts: one JSON object a line; what was not delivered stays so until it is.

An alert that lasts is put down once, when it is raised, and again only when it got worse or after it was over.
"""

import hashlib
import json
import math
from dataclasses import asdict, fields
from pathlib import Path

from starlight.errors import StarlightError
from starlight.monitor.alerts.rules import Alert
from starlight.system.atomic import write_text

__all__ = ["AlertLog"]

_UNSENT = {"delivered": False, "taken_by": [], "attempts": 0, "error": ""}
_OPEN = {"source": "", "over": ""}
_WORSE = 1.25  # times as far from the threshold, with the whole interval, as the figure that people were told of
_FIELDS = {"id": str, "model": str, **{field.name: field.type for field in fields(Alert)}}


def _record(alert: Alert, model: str, when: str, source: str) -> dict:
    plain = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(alert).items()}
    body = {"model": model, "source": source, **plain}
    identity = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
    return {"id": identity, "when": when, **_OPEN, **body, **_UNSENT}


def _worse(alert: Alert, told: dict) -> bool:
    """Whether the end of the interval that lies nearer to the threshold is well beyond what was told."""
    near = alert.high if alert.value < alert.threshold else alert.low
    before = math.nan if told["value"] is None else told["value"]
    return abs(near - alert.threshold) > _WORSE * abs(before - alert.threshold)


def _checked(record: dict) -> dict:
    for name, kind in _FIELDS.items():
        if name not in record:
            raise ValueError(f"it has no {name}")
        if not isinstance(record[name], (int, float, type(None)) if kind is float else str):
            raise ValueError(f"{name} is {record[name]!r}")
    for name, usual in (_OPEN | _UNSENT).items():
        if not isinstance(record[name], type(usual)):
            raise ValueError(f"{name} is {record[name]!r}")
    return record


class AlertLog:
    """A file of alerts with what became of each.

    Parameters
    ----------
    path : Path
        Made on the first write; replaced as a whole, so that a crash leaves the old or the new one.

    Raises
    ------
    StarlightError
        Where a line of it is no record; nothing is thrown away then.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.records: list[dict] = []
        if self.path.exists():
            for place, line in enumerate(self.path.read_bytes().splitlines(), 1):
                try:
                    self.records.append(_checked({**_OPEN, **_UNSENT, **json.loads(line)}))
                except (ValueError, TypeError, RecursionError) as error:
                    raise StarlightError(f"{self.path}: line {place} is no alert ({error})") from error

    def add(self, alerts: list[Alert], model: str, when: str, source: str = "") -> None:
        """Put down the alerts of a round that people have not been told of, and which of the earlier ones are over.

        Parameters
        ----------
        alerts : list of Alert
            All of the round, warnings too: they are not put down, but an alert that sank to a warning is not over.
        model, when, source : str
            Of the round; `source` says which images were looked at. Rounds of other models or images are left alone.
        """
        lasting = {alert.name for alert in alerts}
        told: dict[str, dict] = {}
        for record in self.records:
            if (record["model"], record["source"], record["over"]) == (model, source, ""):
                if record["name"] in lasting:
                    told[record["name"]] = record
                else:
                    record["over"] = when or "later"
        self.records += [
            _record(alert, model, when, source)
            for alert in alerts
            if alert.level == "alert" and (alert.name not in told or _worse(alert, told[alert.name]))
        ]
        self.save()

    def undelivered(self) -> list[dict]:
        """Records that have not arrived yet, oldest first."""
        return [record for record in self.records if not record["delivered"]]

    def settle(self, identities: set[str], channel: str, taken: bool, channels: list[str]) -> None:
        """Note one channel's attempt; a record is delivered when every one of `channels` took it.

        Parameters
        ----------
        identities : set of str
            Of the alerts that the message was about.
        channel : str
        taken : bool
        channels : list of str
            All that there are.
        """
        for record in self.undelivered():
            if record["id"] in identities:
                done = sorted({*record["taken_by"], channel}) if taken else record["taken_by"]
                left = [name for name in channels if name not in done]
                error = f"not taken by {', '.join(left)}" if left else ""
                record.update(taken_by=done, delivered=not left, attempts=record["attempts"] + 1, error=error)
        self.save()

    def save(self) -> None:
        """Write the log."""
        lines = (json.dumps(record, sort_keys=True) + "\n" for record in self.records)
        write_text(self.path, "".join(lines), lasting=True)
