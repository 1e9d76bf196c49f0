"""Evaluations for collectors: JSON Lines, an HTTP endpoint, a Prometheus text file.

Formats: jsonlines.org; Prometheus text exposition format 0.0.4, for the node exporter's textfile collector.
"""

import base64
import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from starlight.errors import StarlightError
from starlight.metrics import flatten
from starlight.system.atomic import write_text
from starlight.telemetry.exposition import Family, escape_label, exposition

__all__ = ["export_jsonl", "post", "prometheus_text", "write_prometheus"]

_PARTS = re.compile(r"(techniques|twins|negatives|containers)\.(.+?)\.(?:payload\.(.+)\.)?(\w+)")
_LABEL = {"techniques": "technique", "twins": "technique", "negatives": "category", "containers": "container"}


def export_jsonl(entries: Iterable[Mapping], path: str | Path) -> Path:
    """Write entries, one JSON object a line; the file is replaced as a whole."""
    write_text(path, "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in entries))
    return Path(path)


def post(
    entry: Mapping,
    url: str,
    *,
    timeout_s: float = 10.0,
    attempts: int = 3,
    backoff_s: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send one entry as JSON by HTTP POST, trying again after 1, 2, 4, … times `backoff_s`.

    Parameters
    ----------
    entry : mapping
        Whatever JSON can hold.
    url : str
    timeout_s : float
        Of one attempt.
    attempts : int
    backoff_s : float
    sleep : callable
        Waits for so many seconds.

    Raises
    ------
    StarlightError
        Where no attempt got an answer of the 200s; it names the host and no more of the address. A redirection counts
        as none: followed, it would lose what is posted, and take the credentials elsewhere.
    """
    host, request = _request(url, json.dumps(entry, sort_keys=True).encode())
    opener = urllib.request.build_opener(_Stay)
    problem = ""
    for attempt in range(attempts):
        if attempt:
            sleep(backoff_s * 2 ** (attempt - 1))
        try:
            with opener.open(request, timeout=timeout_s) as answer:
                answer.read(1 << 16)
                return
        except urllib.error.HTTPError as error:
            problem = f"answered {error.code}"
            error.close()
        except (OSError, http.client.HTTPException) as error:
            problem = f"cannot be reached ({type(error).__name__})"
    raise StarlightError(f"collector {host}: {problem}, {attempts} attempts")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def _request(url: str, body: bytes) -> tuple[str, urllib.request.Request]:
    """Host and request; a user and password in the address become HTTP's basic authentication."""
    try:
        place = urllib.parse.urlsplit(url)
        host, port = place.hostname, place.port
    except ValueError:
        host = None  # the reason would repeat the address
    if not host or place.scheme not in ("http", "https") or any(c.isspace() or not c.isprintable() for c in url):
        raise StarlightError("collector: the address is no http or https URL")
    headers = {"Content-Type": "application/json"}
    if place.username is not None:
        known = ":".join(urllib.parse.unquote(part or "") for part in (place.username, place.password))
        headers["Authorization"] = "Basic " + base64.b64encode(known.encode()).decode()
    bare = place._replace(netloc=(f"[{host}]" if ":" in host else host) + (f":{port}" if port else ""))
    return host, urllib.request.Request(bare.geturl(), data=body, headers=headers, method="POST")


def _sample(key: str, version: str) -> tuple[str, str]:
    """Name and labels of a figure: parts such as techniques become labels."""
    labels = {"model": version}
    match = _PARTS.fullmatch(key)
    if match:
        group, part, payload, name = match.groups()
        labels[_LABEL[group]] = part
        labels |= {"payload": payload} if payload else {}
        key = f"{group}_{'payload_' if payload else ''}{name}"
    name = "starlight_" + re.sub(r"[^a-zA-Z0-9_]", "_", key)
    return name, ",".join(f'{label}="{escape_label(value)}"' for label, value in sorted(labels.items()))


def prometheus_text(entry: Mapping) -> str:
    """An entry of the history as gauges, undefined figures left out.

    Parameters
    ----------
    entry : mapping
        With `version`, `metrics` and `alerts`, as in `history.jsonl`.
    """
    samples: dict[str, list[str]] = {}
    for key, value in flatten(entry["metrics"]).items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            name, labels = _sample(key, entry["version"])
            samples.setdefault(name, []).append(f"{name}{{{labels}}} {value!r}")
    raised = len(entry.get("alerts", ()))
    labels = f'model="{escape_label(entry["version"])}"'
    samples["starlight_alerts"] = [f"starlight_alerts{{{labels}}} {raised}"]
    said = "Starlight figure, rates as fractions."
    return exposition(Family(name, "gauge", said, samples[name]) for name in sorted(samples))


def write_prometheus(entry: Mapping, path: str | Path) -> Path:
    """Write `prometheus_text` to a file that the collector never sees half written."""
    write_text(path, prometheus_text(entry))
    return Path(path)
