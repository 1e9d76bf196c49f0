"""Put a report on a pull request, as one comment that is replaced: `pr_comment OWNER/NAME NUMBER < report.md`.

Speaks GitHub's REST API at GITHUB_API_URL with the token in GITHUB_TOKEN
(https://docs.github.com/en/rest/issues/comments).
"""

import json
import os
import sys
import urllib.error
import urllib.request

PAGE = 100  # comments asked for at a time, the most that there can be
LONGEST = 65_000  # characters; the service takes 65,536
CUT = "\n\n(cut: the whole report is in the log of the run)\n"


def ask(path: str, method: str = "GET", body: dict | None = None):
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    headers = {"Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(
        urllib.request.Request(base + path, data, headers, method=method), timeout=30
    ) as answer:
        return json.load(answer)


def earlier(repository: str, number: str, mark: str) -> int | None:
    """Id of the comment that starts with the mark, None where there is none yet."""
    page = 1
    while True:
        found = ask(f"/repos/{repository}/issues/{number}/comments?per_page={PAGE}&page={page}")
        for comment in found:
            if comment["body"].startswith(mark):
                return comment["id"]
        if len(found) < PAGE:
            return None
        page += 1


def main() -> int:
    if len(sys.argv) != 3 or "GITHUB_TOKEN" not in os.environ:
        print("error: usage: GITHUB_TOKEN=… pr_comment OWNER/NAME NUMBER < report.md", file=sys.stderr)
        return 2
    repository, number = sys.argv[1:]
    text = sys.stdin.read()
    if len(text) > LONGEST:
        text = text[: LONGEST - len(CUT)] + CUT
    try:
        known = earlier(repository, number, text.split("\n", 1)[0])
        if known is None:
            ask(f"/repos/{repository}/issues/{number}/comments", "POST", {"body": text})
        else:
            ask(f"/repos/{repository}/issues/comments/{known}", "PATCH", {"body": text})
    except (urllib.error.URLError, OSError, ValueError) as error:
        print(f"error: {repository}#{number}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
