#!/usr/bin/env python3
"""A member of a team: asks a teammate for facts, writes an artifact, and copes with a conflict.

Speaks JSON lines on stdin and stdout (docs/agents.md). To see it work without troupe:

    printf '%s\\n' '{"task_id": "1", "input": null, "turn": {"kind": "turn", "role": "writer",
      "teammates": [{"role": "researcher"}], "writes": "draft", "workspace": {"task": {"goal": "a report"}}}}' \\
      '{"task_id": "1", "answer_to": 1, "value": {"content": "facts"}}' \\
      '{"task_id": "1", "answer_to": 2, "value": {"version": 1}}' | tr -d '\\n' | sed 's/}{/}\\n{/g' | python3 team_writer.py
"""

import json
import sys


def send(message):
    print(json.dumps(message, ensure_ascii=False), flush=True)


def read():
    line = sys.stdin.readline()
    return json.loads(line) if line else None


class Turn:
    """One task: operations are numbered by this program, and their answers come as lines."""

    def __init__(self, task):
        self.id = task["task_id"]
        self.told = task["turn"]
        self.last = 0

    def do(self, op, **members):
        """(value, None), or (None, error)."""
        self.last += 1
        send({"task_id": self.id, "op": op, "id": self.last, **members})
        while True:
            answer = read()
            if answer is None:
                sys.exit(0)
            # With a concurrency of 1 only answers to our own operations come before our output.
            if answer.get("answer_to") == self.last:
                return answer.get("value"), answer.get("error")


def write(turn):
    goal = turn.told["workspace"]["task"].get("goal", "")
    facts = []
    for teammate in turn.told["teammates"]:
        value, error = turn.do("ask", to=teammate["role"], content=f"What do you know about: {goal}?", timeout_seconds=60)
        facts.append(f"{teammate['role']}: {json.dumps(value['content'], ensure_ascii=False) if value else error['message']}")
    text = "\n".join([f"# {goal}", *facts])
    name = turn.told.get("writes", turn.told["role"])
    value = text
    while (error := turn.do("put", artifact=name, value=value)[1]) and error["code"] == "conflict":
        # Somebody was faster: take theirs, and add ours to it.
        current, _ = turn.do("get", artifact=name)
        value = f"{current['value']}\n{text}"
    # The artifact is written already, so the output is none.
    return None


def main():
    while (task := read()) is not None:
        if "turn" not in task:
            send({"task_id": task["task_id"], "error": {"code": "invalid_input", "message": "this agent works in teams only"}})
        elif task["turn"]["kind"] == "answer":
            send({"task_id": task["task_id"], "output": f"ask somebody else about {task['turn']['question']['content']}"})
        else:
            send({"task_id": task["task_id"], "output": write(Turn(task))})


if __name__ == "__main__":
    main()
