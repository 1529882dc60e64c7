"""A process agent for tests: appends each request that it begins to a file, takes its time, answers.

usage: recording_agent.py FILE; input: {"item": …, "seconds": 0.05, "release": FILE}; with `release` it answers only once that file is there.
"""

import json
import os
import sys
import time

with open(sys.argv[1], "a", buffering=1) as record:
    for line in sys.stdin:
        request = json.loads(line)
        given = request["input"]
        entry = {key: request[key] for key in ("task_id", "attempt", "idempotency_key")}
        record.write(json.dumps({**entry, "item": given["item"], "pid": os.getpid()}) + "\n")
        time.sleep(given.get("seconds", 0))
        while "release" in given and not os.path.exists(given["release"]):
            time.sleep(0.01)
        print(json.dumps({"task_id": request["task_id"], "output": {"item": given["item"]}}), flush=True)
