"""A process agent whose effects are written down outside of troupe.

usage: ledger_agent.py LEDGER
input: {"item": NAME, "seconds": 0.02, "act": ACT or null, "release": FILE}

Each effect is one line appended to LEDGER with O_APPEND and fsync: the idempotency key, the attempt, the node. What an
agent does wrong, it does on the first attempt only, unless the act ends in "_always".
"""

import json
import os
import signal
import sys
import time

LONGEST_HOLD = 120.0
# The process that started this one, however long it lives.
NODE = os.getppid()


class Ledger:
    def __init__(self, path):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, what, request, durable=False):
        entry = {
            "what": what,
            "key": request["idempotency_key"],
            "task_id": request["task_id"],
            "attempt": request["attempt"],
            "item": request["input"]["item"],
            "node": os.environ.get("TROUPE_TEST_NODE", ""),
            "pid": os.getpid(),
            # Clocks may be off on purpose; this one is the same in all processes of a machine.
            "at": time.monotonic(),
        }
        # One write: lines of several processes do not mix. The kernel may cut it short in a process that is killed, where
        # a page ends; the newline in front keeps the next line out of the rest.
        os.write(self.descriptor, ("\n" + json.dumps(entry) + "\n").encode())
        if durable:
            os.fsync(self.descriptor)


def hold(request, longest=LONGEST_HOLD):
    """Until somebody lets go, or kills this process."""
    deadline = time.monotonic() + longest
    while not os.path.exists(request["input"]["release"]) and time.monotonic() < deadline:
        time.sleep(0.01)


def talk_nonsense(request):
    out = sys.stdout.buffer
    out.write(b"\x00\xff\xfe not text\n" + b"{" * 2_000 + b"\n" + b'{"task_id": 7}\n[]\n"\xc3\x28"\n')
    foreign = {"task_id": "another-run/99", "output": {"item": "not mine"}}
    out.write((json.dumps(foreign) + "\n").encode())
    half = json.dumps({"task_id": request["task_id"], "output": {"item": "half"}})[:-5]
    out.write(half.encode() + b"\n")
    out.flush()


def work(request, ledger):
    given = request["input"]
    act = given.get("act") or ""
    if not act.endswith("_always") and request["attempt"] > 1:
        act = ""
    act = act.removesuffix("_always")
    ledger.write("begun", request)
    if act == "hold_before_effect":
        hold(request)
    elif act == "exit":
        os._exit(3)
    elif act == "kill_node":
        os.kill(NODE, signal.SIGKILL)
        time.sleep(LONGEST_HOLD)
    elif act in ("nonsense", "nonsense_and_hang"):
        talk_nonsense(request)
    if act in ("hang", "nonsense_and_hang"):
        time.sleep(LONGEST_HOLD)
    seconds = (given.get("seconds") or 0) * float(os.environ.get("TROUPE_TEST_SLOWER", "1"))
    if act == "linger":
        hold(request, seconds)
    else:
        time.sleep(seconds)
    ledger.write("effect", request, durable=True)
    if act == "hold_after_effect":
        hold(request)
    print(json.dumps({"task_id": request["task_id"], "output": {"item": given["item"]}}), flush=True)


def main():
    ledger = Ledger(sys.argv[1])
    for line in sys.stdin:
        work(json.loads(line), ledger)


if __name__ == "__main__":
    main()
