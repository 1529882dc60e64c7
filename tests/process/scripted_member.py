"""A member of a team, as JSON lines (docs/agents.md), that does step by step what its input says: `turn` in its turns,
`answer` when it is asked. What it comes by goes into a ledger outside of troupe.

usage: scripted_member.py LEDGER GATE

A step is an operation, or one of
  "exit"          the process dies
  "gate"          waits until the test opens the gate, a FIFO
  {"error": …}    the task fails with it
  {"output": …}   the task is done with it; without one the output is what became of each operation
In an operation "$inbox" stands for the id of the first message of the last inbox.
"""

import json
import os
import sys

ledger, gate = sys.argv[1:3]


def send(message):
    print(json.dumps(message), flush=True)


def note(what, task):
    entry = {"what": what, "role": task["turn"]["role"], "pid": os.getpid(), "key": task["idempotency_key"]}
    # One write: lines of several processes do not mix.
    with open(ledger, "ab", buffering=0) as out:
        out.write((json.dumps(entry) + "\n").encode())


def do(task, number, operation):
    send({"task_id": task["task_id"], "id": number, **operation})
    for line in sys.stdin:
        answer = json.loads(line)
        if answer.get("answer_to") == number:
            if "error" in answer:
                return {"error": answer["error"]["message"], "code": answer["error"]["code"]}
            return {"value": answer["value"]}
    sys.exit(0)


def work(task):
    """How the task ends."""
    kind = task["turn"]["kind"]
    note(kind, task)
    said, waiting = [], []
    for number, step in enumerate(task["input"].get(kind, []), 1):
        if step == "exit":
            os._exit(7)
        elif step == "gate":
            note("gate", task)
            open(gate).close()
        elif "op" in step:
            said.append(do(task, number, {k: waiting[0]["id"] if v == "$inbox" else v for k, v in step.items()}))
            if step["op"] == "inbox":
                waiting = said[-1]["value"]
        else:
            return step
    return {"output": said}


for line in sys.stdin:
    task = json.loads(line)
    # Answers to operations of a task that has ended come without a turn.
    if "turn" in task:
        send({"task_id": task["task_id"], **work(task)})
