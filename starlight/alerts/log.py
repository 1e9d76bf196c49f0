"""The log of alerts: one JSON object a line; what was not delivered stays so until it is."""

import hashlib
import json
import math
import os
from dataclasses import asdict, fields
from pathlib import Path

from starlight.alerts.rules import Alert
from starlight.errors import StarlightError

__all__ = ["AlertLog"]

_UNSENT = {"delivered": False, "taken_by": [], "attempts": 0, "error": ""}
_FIELDS = ("id", "model", *(field.name for field in fields(Alert)))


def _record(alert: Alert, model: str, when: str) -> dict:
    plain = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(alert).items()}
    body = {"model": model, **plain}
    identity = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
    return {"id": identity, "when": when, **body, **_UNSENT}


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
                    record = {**_UNSENT, **json.loads(line)}
                    if missing := [name for name in _FIELDS if name not in record]:
                        raise ValueError(f"it has no {missing[0]}")
                    self.records.append(record)
                except (ValueError, TypeError) as error:
                    raise StarlightError(f"{self.path}: line {place} is no alert ({error})") from error

    def add(self, alerts: list[Alert], model: str, when: str) -> None:
        """Put alerts (not warnings) into the log; one that waits for delivery already is not put twice."""
        waiting = {record["id"] for record in self.undelivered()}
        new = [_record(alert, model, when) for alert in alerts if alert.level == "alert"]
        self.records += [record for record in new if record["id"] not in waiting]
        self.save()

    def undelivered(self) -> list[dict]:
        """Records that have not arrived yet, oldest first."""
        return [record for record in self.records if not record["delivered"]]

    def settle(self, identities: set[str], channel: str, taken: bool, channels: list[str]) -> None:
        """Note one channel's attempt; a record is delivered when every one of `channels` took it."""
        for record in self.undelivered():
            if record["id"] in identities:
                done = sorted({*record["taken_by"], channel}) if taken else record["taken_by"]
                left = [name for name in channels if name not in done]
                error = f"not taken by {', '.join(left)}" if left else ""
                record.update(taken_by=done, delivered=not left, attempts=record["attempts"] + 1, error=error)
        self.save()

    def save(self) -> None:
        """Write the log."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(self.path.name + ".new")
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(json.dumps(record, sort_keys=True) + "\n" for record in self.records)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)
