"""What every client in Python has in common: `program URL MODE TIMEOUT_MS`, and one line of JSON on stdout."""

import json
import sys


def answer(call):
    """`call(url, mode, seconds, got)` fills in what the caller got as it comes."""
    url, mode, timeout_ms = sys.argv[1:4]
    got = {}
    try:
        call(url, mode, int(timeout_ms) / 1000, got)
    except Exception as error:
        got["error"] = f"{type(error).__module__}.{type(error).__name__}: {error}"
    print(json.dumps(got))
