"""One comment on a pull request, which is replaced: GitHub's REST API, https://docs.github.com/en/rest/issues/comments."""

import json
import urllib.request
from typing import Any

__all__ = ["put"]

_PAGE = 100  # comments asked for at a time, the most that there can be
_LONGEST = 65_000  # characters; the service takes 65,536
_CUT = "\n\n(cut: the whole report is in the log of the run)\n"


def put(text: str, repository: str, number: str, *, address: str, token: str) -> None:
    """Write a comment, or in place of an earlier one that begins with the same line.

    Parameters
    ----------
    text : str
        Cut where the service takes no more.
    repository, number : str
        `OWNER/NAME`, and of the pull request.
    address, token : str
        Of the service, and what it knows one by.

    Raises
    ------
    OSError, ValueError
        The service refuses, or cannot be reached.
    """
    if len(text) > _LONGEST:
        text = text[: _LONGEST - len(_CUT)] + _CUT
    issues = f"{address}/repos/{repository}/issues"
    known = _earlier(f"{issues}/{number}/comments", token, text.split("\n", 1)[0])
    if known is None:
        _ask(f"{issues}/{number}/comments", token, "POST", {"body": text})
    else:
        _ask(f"{issues}/comments/{known}", token, "PATCH", {"body": text})


def _earlier(comments: str, token: str, mark: str) -> int | None:
    """Id of the comment that starts with the mark, None where there is none yet."""
    page = 1
    while True:
        found = _ask(f"{comments}?per_page={_PAGE}&page={page}", token)
        for comment in found:
            if comment["body"].startswith(mark):
                return comment["id"]
        if len(found) < _PAGE:
            return None
        page += 1


def _ask(url: str, token: str, method: str = "GET", body: dict | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
