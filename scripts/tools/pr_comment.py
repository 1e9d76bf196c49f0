"""Put a report on a pull request, as one comment that is replaced: `pr_comment OWNER/NAME NUMBER < report.md`.

Speaks to GITHUB_API_URL with the token in GITHUB_TOKEN.
"""

import os
import sys

from starlight.reports.pull_request.comment import put


def main() -> int:
    if len(sys.argv) != 3 or "GITHUB_TOKEN" not in os.environ:
        print("error: usage: GITHUB_TOKEN=… pr_comment OWNER/NAME NUMBER < report.md", file=sys.stderr)
        return 2
    address = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    try:
        put(sys.stdin.read(), *sys.argv[1:], address=address, token=os.environ["GITHUB_TOKEN"])
    except (OSError, ValueError) as error:
        print(f"error: {sys.argv[1]}#{sys.argv[2]}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
