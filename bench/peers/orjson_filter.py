"""One filter over an audit log by orjson: watches of secrets that were answered with 200."""
import sys

import orjson

count = 0
with open(sys.argv[1], "rb") as log:
    for line in log:
        event = orjson.loads(line)
        if (
            event["verb"] == "watch"
            and event.get("objectRef", {}).get("resource") == "secrets"
            and event.get("responseStatus", {}).get("code") == 200
        ):
            count += 1
print(count)
