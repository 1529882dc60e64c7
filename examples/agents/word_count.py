#!/usr/bin/env python3
"""A troupe agent of kind `process`: counts the words of a text.

One request per line on stdin, one answer per line on stdout; see docs/agents.md. Nothing but the
standard library is needed. Whatever goes to stderr ends up in the node's log.
"""

import collections
import json
import re
import sys


def count(text):
    words = re.findall(r"\w+", text.lower())
    top = collections.Counter(words).most_common(5)
    return {"words": len(words), "distinct": len(set(words)), "top": [{"word": w, "count": n} for w, n in top]}


def answer(request):
    data = request["input"]
    text = data.get("text") if isinstance(data, dict) else data
    if not isinstance(text, str):
        # The same input would fail again, so trying again is of no use.
        return {"error": {"code": "invalid_input", "message": "expected a text, or an object with `text`", "retryable": False}}
    return {"output": count(text), "confidence": 1.0}


def say(task_id, message):
    # troupe waits for whole lines: flush each one.
    print(json.dumps({"task_id": task_id, **message}), flush=True)


for line in sys.stdin:
    request = json.loads(line)
    say(request["task_id"], {"progress": "counting"})
    say(request["task_id"], answer(request))
