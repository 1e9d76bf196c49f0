"""Bringing alerts to people: through apprise to e-mail, Slack, webhooks and the rest.

Addresses hold credentials. They come from the environment, and no message, log or error of this module repeats any part
of them beyond the kind of the service.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from starlight.errors import StarlightError
from starlight.monitor.alerts.log import AlertLog
from starlight.monitor.alerts.rules import Alert
from starlight.monitor.alerts.text import subject, words

__all__ = ["VARIABLE", "AppriseChannel", "Channel", "channels_from", "deliver", "send_pending"]

VARIABLE = "STARLIGHT_ALERT_URLS"


class Channel(Protocol):
    """A way to people."""

    name: str

    def send(self, title: str, body: str) -> bool:
        """True where the message was taken."""


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """No log meanwhile: apprise and the HTTP library repeat addresses. What fails is reported here, by its kind."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


class AppriseChannel:
    """One apprise address.

    Raises
    ------
    StarlightError
        Where apprise is missing, or does not understand the address (which is not repeated).
    """

    def __init__(self, url: str, place: int = 1) -> None:
        try:
            import apprise
        except ImportError as error:
            raise StarlightError("alerts: apprise is not installed; pip install 'starlight[monitor]'") from error
        self.name = f"{url.partition('://')[0] if '://' in url else 'address'} (address {place})"
        self._notifier = apprise.Apprise()
        with _silent():
            understood = self._notifier.add(url)
        if not understood:
            raise StarlightError(f"{VARIABLE}: {self.name} is not understood by apprise")

    def send(self, title: str, body: str) -> bool:
        with _silent():
            return bool(self._notifier.notify(title=title, body=body))


def channels_from(environment: Mapping[str, str]) -> list[AppriseChannel]:
    """Channels named in `STARLIGHT_ALERT_URLS`: addresses separated by white space; none where it is empty."""
    urls = environment.get(VARIABLE, "").split()
    return [AppriseChannel(url, place) for place, url in enumerate(urls, 1)]


def deliver(
    title: str,
    body: str,
    channel: Channel,
    *,
    attempts: int = 3,
    backoff_s: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Send one message through one channel, trying again after 1, 2, 4, … times `backoff_s`.

    Parameters
    ----------
    title, body : str
    channel : Channel
    attempts : int
    backoff_s : float
    sleep : callable
        Waits for so many seconds.

    Returns
    -------
    bool
        True where the message was taken.
    """
    for attempt in range(attempts):
        if attempt:
            sleep(backoff_s * 2 ** (attempt - 1))
        try:
            if channel.send(title, body):
                return True
        except OSError:  # a network that is down is what the next attempt is for; the caller learns of the last one
            continue
    return False


def send_pending(log: AlertLog, channels: Sequence[Channel], **how) -> list[str]:
    """Deliver what the log holds undelivered, one message for each channel and model.

    A channel that took a message does not get it again; a record stays undelivered until all channels took it.

    Returns
    -------
    list of str
        What went wrong, for people; empty where all arrived or there is nothing to send.
    """
    problems = []
    names = [channel.name for channel in channels]
    for channel in channels:
        waiting = [record for record in log.undelivered() if channel.name not in record["taken_by"]]
        for model in sorted({record["model"] for record in waiting}):
            records = [record for record in waiting if record["model"] == model]
            alerts = [_alert(record) for record in records]
            taken = deliver(subject(alerts, model), "\n".join(map(words, alerts)), channel, **how)
            log.settle({record["id"] for record in records}, channel.name, taken, names)
            if not taken:
                problems.append(f"{channel.name} did not take {len(records)} alerts; they wait in {log.path.name}")
    return problems


def _alert(record: dict) -> Alert:
    fields = {name: record[name] for name in Alert.__dataclass_fields__}
    return Alert(**{k: float("nan") if v is None else v for k, v in fields.items()})
