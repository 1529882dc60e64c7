"""A cluster of real processes with a ledger of effects beside it: the stage on which faults happen."""

import json
import os
import pathlib
import selectors
import signal
import sys
import time
import urllib.error

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "process"))

from harness import TROUPE, ProcessTest, wait_until  # noqa: E402

import checker  # noqa: E402
from matrix import Seen  # noqa: E402

AGENT = pathlib.Path(__file__).with_name("ledger_agent.py")


class Skip(Exception):
    """This machine cannot have this fault; the message says what is missing."""


class World(ProcessTest):
    """Use as a context manager. Everything that it starts ends with it."""

    # What becomes of a task that fails, where a fault does not say otherwise.
    RETRY = {"maximum_attempts": 4, "initial_interval": "50ms", "jitter": 0}

    def __enter__(self):
        self.setUp()
        self.ledger = self.folder / "ledger.jsonl"
        self.ledger.touch()
        self.release = self.folder / "release"
        # at_ms of the journal on the clock of the ledger.
        self.wall_offset = time.time() - time.monotonic()
        self.items = []
        self.expected = []
        self.coordinator = None
        self.lives = 0
        self.workers = {}
        return self

    def __exit__(self, *_):
        self.doCleanups()

    # -- processes

    def begin(self, workers=2, worker_environments=None, coordinator_environment=None, data=None, via=None, threads=0):
        """A coordinator and workers w1, w2, … that are up; `via` is a proxy in front of the coordinator for w1."""
        self.coordinator_up(environment=coordinator_environment, data=data, threads=threads)
        for i in range(1, workers + 1):
            environment = (worker_environments or {}).get(f"w{i}")
            self.worker_up(f"w{i}", environment=environment, join=via(self.coordinator.listen) if via and i == 1 else None)
        self.wait_for_nodes(self.coordinator, workers)

    def coordinator_up(self, environment=None, data=None, threads=0):
        """The coordinator, or its next life on the same port with the same journal."""
        listen = self.coordinator.listen if self.coordinator else "127.0.0.1:0"
        if self.lives == 0:
            self.data = data or self.folder / "journal"
        arguments = ("--role", "coordinator", "--listen", listen, "--data", self.data, "--threads", threads)
        self.coordinator = self.start_node("c1", *arguments, environment=environment)
        self.lives += 1
        return self.coordinator

    def worker_up(self, name, environment=None, join=None):
        arguments = ("--role", "worker", "--join", join or self.coordinator.listen)
        environment = {"TROUPE_TEST_NODE": name, **(environment or {})}
        self.workers[name] = self.start_node(name, *arguments, environment=environment)
        return self.workers[name]

    # -- the run

    def fan_out(self, count, seconds=0.02, acts=None, **step):
        """Submits a fan-out over item-0, item-1, …; `acts` says which item does what wrong."""
        self.items = [f"item-{i}" for i in range(count)]
        self.expected = list(self.items)
        acts = acts or {}
        document = {
            "workflow": "faults",
            "agents": {"recorder": self.agent()},
            "steps": [
                {
                    "id": "all",
                    "parallel": {
                        "each": "$.input.items",
                        "key": "$.item.item",
                        "step": {"agent": "recorder", "input": "$.item", "retry": self.RETRY, **step},
                    },
                }
            ],
        }
        given = {"items": [self.input(item, seconds, acts.get(i)) for i, item in enumerate(self.items)]}
        return self.submit(document, given)

    def pipeline(self, steps=3, width=4, seconds=0.01):
        """Submits steps one after the other, and then a small fan-out: a run with many transactions."""
        names = [f"step-{i}" for i in range(steps)]
        self.items = self.expected = [*names, *(f"item-{i}" for i in range(width))]
        one_by_one = [
            {"id": name, "agent": "recorder", "input": self.input(name, seconds), "needs": names[max(0, i - 1) : i]}
            for i, name in enumerate(names)
        ]
        each = [self.input(f"item-{i}", seconds) for i in range(width)]
        fan = {"each": each, "key": "$.item.item", "agent": "recorder", "input": "$.item"}
        document = {
            "workflow": "faults",
            "agents": {"recorder": self.agent()},
            "steps": [*one_by_one, {"id": "all", "parallel": fan, "needs": names[-1:]}],
        }
        return self.submit(document, {})

    def agent(self):
        return {
            "kind": "process",
            "command": [sys.executable, "-B", str(AGENT), str(self.ledger)],
            "replicas": 2,
            # What is preloaded into a node to bend its clock is not meant for agents.
            "env": {"LD_PRELOAD": ""},
        }

    def input(self, item, seconds, act=None):
        return {"item": item, "seconds": seconds, "act": act, "release": str(self.release)}

    def submit(self, document, given):
        """Until it is accepted: the coordinator may be killed before it answers. The same id is the same run."""
        self.run = f"run-{os.urandom(4).hex()}"
        self.flow = self.write("flow.json", document)
        self.given = self.write("input.json", given)
        return self.submit_again(check=False)

    def submit_again(self, check=True):
        done = self.troupe(
            "submit", self.flow, "--input", f"@{self.given}", "--run-id", self.run, "--connect", self.coordinator.listen
        )
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done.returncode == 0

    def finish(self, timeout=90):
        """Until the run has ended; what the journal says of it."""
        done = self.troupe("watch", self.run, "--connect", self.coordinator.listen, "--json", timeout=timeout)
        self.assertIn(done.returncode, (0, 1, 3), done.stderr + self.coordinator.logged())
        self.ended = self.now()
        return self.journal()

    def journal(self):
        return self.json("show", self.run, "--connect", self.coordinator.listen)

    def verify(self, journal, state="succeeded", expected=None):
        """Asks the checker; anything that it finds is a failure."""
        self.assertEqual(journal["summary"]["state"], state, journal["summary"])
        metrics = self.coordinator.metrics() if self.lives == 1 else None
        verdict = checker.check(self.entries(), journal, self.expected if expected is None else expected, metrics)
        self.assertEqual(verdict.violations, [])
        return verdict

    def seen(self, at=None, detected=None, recovered=None, state="succeeded", expected=None):
        """Waits for the end of the run, measures from the fault at `at`, and has everything checked: what was seen, and the
        journal. `detected` and `recovered` are functions of the world, the journal and `at`, or seconds."""
        journal = self.finish()
        times = [x(self, journal, at) if callable(x) else x for x in (detected, recovered)]
        return Seen(*times).of(self.verify(journal, state, expected)), journal

    def refused(self):
        """A next life of the coordinator that is not to be; how long it took to say so and to end, and what it said."""
        at = self.now()
        arguments = ("--name", "c1", "--role", "coordinator", "--listen", self.coordinator.listen, "--data", self.data)
        process = self.start("node", *arguments)
        code = process.popen.wait(30)
        took = self.now() - at
        self.assertNotIn(code, (0, -signal.SIGABRT, -signal.SIGSEGV), process.logged())
        return took, process.logged()

    def wait_for_death(self, process, timeout=60):
        """When it was, within a few milliseconds, if it is still to come."""
        with selectors.DefaultSelector() as selector:
            descriptor = os.pidfd_open(process.pid)
            try:
                selector.register(descriptor, selectors.EVENT_READ)
                self.assertTrue(selector.select(timeout), f"{process.name} lives on\n{process.logged()}")
                at = self.now()
            finally:
                os.close(descriptor)
        self.assertEqual(process.popen.wait(5), -signal.SIGKILL, process.logged())
        return at

    # -- what can be seen

    def now(self):
        return time.monotonic()

    def at(self, event):
        """When an event of the journal was, on the ledger's clock."""
        return event["at_ms"] / 1000 - self.wall_offset

    def entries(self, what=None):
        return [x for x in checker.read_ledger(self.ledger) if what in (None, x["what"])]

    def wait_for_entries(self, count, what="effect", timeout=60):
        wait_until(lambda: len(self.entries(what)) >= count, f"{count} times {what}", timeout=timeout, interval=0.01)

    def wait_for_item(self, item, what="begun", timeout=60):
        """The first entry about it."""

        def found():
            return next((x for x in self.entries(what) if x["item"] == item), None)

        return wait_until(found, f"{item} {what}", timeout=timeout, interval=0.01)

    def wait_for_work_at(self, name, timeout=60):
        """The first thing that an agent of this node does. The ledger may be long: no line is read twice."""
        mark = json.dumps({"node": name})[1:-1].encode()
        tail = b""
        with open(self.ledger, "rb") as stream:

            def seen():
                nonlocal tail
                tail = tail[-len(mark) :] + stream.read()
                return mark in tail

            wait_until(seen, f"work at {name}", timeout=timeout, interval=0.01)

    def metric(self, node, name, label=""):
        return checker.total(node.metrics(), name, label)

    def wait_for_metric(self, node, name, label="", least=1, timeout=30):
        def reached():
            try:
                return self.metric(node, name, label) >= least
            except (OSError, urllib.error.URLError):
                return False

        wait_until(reached, f"{name} of {node.name} is {least}", timeout=timeout, interval=0.02)

    def wait_for_log(self, process, text, timeout=30):
        wait_until(lambda: text in process.log.read_text(errors="replace"), f"{text!r} is logged", timeout, 0.02)


# Others may see that a process is dead a moment before we do.
EARLIER = 0.2


def first(times, after, what):
    """How long after the fault; what was seen before we knew of it took no time."""
    known = [x for x in times if x >= after - EARLIER]
    if not known:
        raise AssertionError(f"nothing of this kind after the fault: {what}")
    return max(0.0, min(known) - after)


def first_loss(world, journal, after):
    """When the coordinator knew that tasks were lost."""
    return first([world.at(x) for x in journal["events"] if "task_lost" in x], after, "task_lost")


def first_redispatch(world, journal, after):
    """When the first of the tasks that were lost was sent again."""
    again = [x for x in checker.results_of(journal) if x["attempt"] > 1]
    times = [x["timings"]["dispatched_at_ms"] / 1000 - world.wall_offset for x in again]
    return first(times, after, "second attempts")


def first_failure(world, journal, after):
    """When the coordinator learned that an attempt had failed."""
    events = [x for x in journal["events"] if "task_finished" in x]
    times = [world.at(x) for x in events if x["task_finished"]["result"]["status"] not in ("success", "rejected")]
    return first(times, after, "failed attempts")


def takeover(world, journal, after):
    """When the next life had the run."""
    return first([world.at(x) for x in journal["events"] if "run_resumed" in x], after, "run_resumed")


def first_result_of_next_life(world, journal, after):
    """When the life that took the run over accepted its first result."""
    taken = max(i for i, x in enumerate(journal["events"]) if "run_resumed" in x)
    return first([world.at(x) for x in journal["events"][taken:] if "task_finished" in x], after, "results")


def first_result(world, journal, after):
    """When the first result after the fault was accepted. Where all had come before, and only waited for the store: when the
    run's end was told."""
    times = [world.at(x) for x in journal["events"] if "task_finished" in x]
    return min([x for x in times if x > after] or [world.ended]) - after
