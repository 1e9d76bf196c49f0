"""A headless Chromium that tests can speak with over a pipe, by the DevTools protocol; nothing listens on a port."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


class Chromium:
    """One page in one browser; a context manager.

    `dark` sets the colour scheme that the page is asked for, `width` and `height` its window in CSS pixels.
    """

    def __init__(self, profile: Path, *, width: int = 1000, height: int = 900, dark: bool = False) -> None:
        self._profile, self._size, self._dark = profile, (width, height), dark
        self._number, self._rest = 0, b""
        self.said: list[str] = []  # errors and refusals that the page caused

    def __enter__(self) -> "Chromium":
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        command = [BROWSER, *_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={self._profile}", "about:blank"]

        def place() -> None:  # the browser reads descriptor 3 and writes 4
            ends = [os.dup(end) for end in (to_browser, from_browser)]
            for end, number in zip(ends, (3, 4), strict=True):
                os.dup2(end, number)

        self._process = subprocess.Popen(
            command, preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        size = dict(zip(("width", "height"), self._size, strict=True))
        self.ask("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=self._size[0] < 500)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._read)
        os.close(self._write)

    _session: str | None = None

    def ask(self, method: str, **params: object) -> dict:
        """Send a command and wait for its answer; events on the way are looked at for what went wrong."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.ask("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def value(self, expression: str) -> object:
        """What JavaScript gives, as JSON; a promise is waited for."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """One key, as typed."""
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, **(text if kind == "keyDown" else {}))

    def screenshot(self, path: Path) -> Path:
        """PNG of what is seen."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))
        return path

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            chunk = os.read(self._read, 1 << 20)
            assert chunk, "the browser has gone"
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        event = json.loads(message)
        if event.get("method") == "Runtime.exceptionThrown":
            self.said.append(str(event["params"]["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded":
            self.said.append(event["params"]["entry"]["text"])
        return event
