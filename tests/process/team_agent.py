"""Members of a team for tests, as JSON lines (docs/agents.md). The writer puts, asks, puts again; the researcher answers
once a file is there. Every effect goes into a ledger outside of troupe, under the task's idempotency key.

usage: team_agent.py LEDGER RELEASE
"""

import json
import os
import pathlib
import sys
import time

ledger, release = (pathlib.Path(x) for x in sys.argv[1:3])


def send(message):
    print(json.dumps(message), flush=True)


def note(what, task):
    entry = {"what": what, "pid": os.getpid(), "attempt": task["attempt"], "key": task["idempotency_key"]}
    # One write: lines of several processes do not mix.
    with open(ledger, "ab", buffering=0) as out:
        out.write((json.dumps(entry) + "\n").encode())


def do(task, number, **operation):
    send({"task_id": task["task_id"], "id": number, **operation})
    for line in sys.stdin:
        answer = json.loads(line)
        if answer.get("answer_to") == number:
            return answer
    sys.exit(0)


def write(task):
    note("writes", task)
    do(task, 1, op="put", artifact="draft", value="begun")
    answer = do(task, 2, op="ask", to="researcher", content="how many?", timeout_seconds=60)
    if "error" in answer:
        send({"task_id": task["task_id"], "error": {"code": "agent_failed", "message": answer["error"]["message"]}})
        return
    note("knows", task)
    done = do(task, 3, op="put", artifact="draft", value=f"{answer['value']['content']} of them")
    send({"task_id": task["task_id"], "output": done["value"]})


def answer(task):
    note("answers", task)
    deadline = time.monotonic() + 60
    while not release.exists():
        if time.monotonic() > deadline:
            sys.exit(1)
        time.sleep(0.01)
    send({"task_id": task["task_id"], "output": 42})


for line in sys.stdin:
    task = json.loads(line)
    turn = task.get("turn")
    if turn is None:
        # An answer to an operation of a task that has ended.
        continue
    if turn["kind"] == "answer":
        answer(task)
    elif turn["role"] == "writer":
        write(task)
    else:
        note("closes", task)
        send({"task_id": task["task_id"], "output": f"{turn['role']} was here"})
