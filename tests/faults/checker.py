"""Compares what agents really did (the ledger), what troupe says that happened (the journal) and what it counted (metrics).

usage: checker.py --ledger LEDGER --journal FILE [--expected N] [--metrics FILE]
LEDGER is what ledger_agent.py wrote, the journal what `troupe show RUN --json` prints, the metrics a page of the run's
coordinator. Exit code 0: all rules hold.

The rules:
 1. Nothing is lost: every item of the fan-out has one successful result, and it is that item's.
 2. Each is accepted once: the journal holds one success per task, and what it accepted did happen, in that attempt on
    that node.
 3. Effects are repeated only under one key, at most once per attempt, and an attempt after the first only where the
    journal explains it: the one before was lost, failed, or in flight when a coordinator took over.
 4. Nothing begins once its task is done: no attempt is newer than the accepted one.
 5. The metrics of a coordinator that lived through the whole run agree.
"""

import argparse
import collections
import dataclasses
import json
import pathlib
import re
import sys


@dataclasses.dataclass
class Verdict:
    violations: list = dataclasses.field(default_factory=list)
    # Items without a result.
    lost: int = 0
    # Effects beyond the first of their key.
    repeated: int = 0
    # Successes of one task in the journal beyond the first.
    accepted_twice: int = 0


def read_ledger(path):
    """Whole lines only: an agent that was killed, or is writing, may have left the beginning of one."""
    lines = [x for x in pathlib.Path(path).read_text().split("\n") if x]
    return [json.loads(x) for x in lines if x.endswith("}")]


def read_metrics(text):
    """{'troupe_tasks_finished_total{status="success"}': 3.0, …}"""
    found = re.findall(r"^([a-zA-Z_:][^ ]*(?:\{.*\})?) ([^ \n]+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def total(metrics, name, label=""):
    return sum(v for k, v in metrics.items() if (k == name or k.startswith(name + "{")) and label in k)


def results_of(journal):
    """The results of tasks that ran on a node, in order; an aggregation runs on none."""
    found = [x["task_finished"]["result"] for x in journal["events"] if "task_finished" in x]
    return [x for x in found if x.get("node")]


class Attempts:
    """What the journal says of each task: how its attempts ended, and which one was accepted."""

    def __init__(self, journal):
        self.accepted = {}
        self.accepted_twice = 0
        # By task: reasons for one more attempt.
        self.reasons = collections.Counter()
        self.takeovers = 0
        for event in journal["events"]:
            if "task_finished" in event:
                result = event["task_finished"]["result"]
                self._ended(result["task"], result)
            elif "task_lost" in event:
                self.reasons[event["task_lost"]["task"]] += 1
            elif "run_resumed" in event:
                self.takeovers += 1

    def _ended(self, task, result):
        if result["status"] != "success":
            self.reasons[task] += 1
        elif task in self.accepted:
            self.accepted_twice += 1
        else:
            self.accepted[task] = result

    def most(self, task):
        return 1 + self.reasons[task] + self.takeovers


def task_number(entry):
    return int(entry["task_id"].rsplit("/", 1)[1])


def check_results(journal, attempts, expected, verdict):
    outputs = collections.Counter(x["output"]["item"] for x in attempts.accepted.values() if x.get("node"))
    for item in expected:
        if outputs[item] == 0:
            verdict.lost += 1
            verdict.violations.append(f"{item} has no result")
        elif outputs[item] > 1:
            verdict.violations.append(f"{item} has {outputs[item]} results")
    for item in outputs - collections.Counter(expected):
        verdict.violations.append(f"nobody asked for {item}")
    verdict.accepted_twice = attempts.accepted_twice
    if attempts.accepted_twice:
        verdict.violations.append(f"{attempts.accepted_twice} tasks were accepted twice")


def check_effects(ledger, attempts, verdict):
    begun = [x for x in ledger if x["what"] == "begun"]
    effects = collections.defaultdict(list)
    keys = collections.defaultdict(set)
    for entry in ledger:
        keys[entry["item"]].add(entry["key"])
        if entry["what"] == "effect":
            effects[entry["key"]].append(entry)
    for item, used in keys.items():
        if len(used) > 1:
            verdict.violations.append(f"{item} was tried under several keys: {sorted(used)}")
    for key, done in effects.items():
        verdict.repeated += len(done) - 1
        if len({x["attempt"] for x in done}) < len(done):
            verdict.violations.append(f"{key}: one attempt had its effect twice")
    for entry in begun:
        task = task_number(entry)
        if entry["attempt"] > attempts.most(task):
            verdict.violations.append(f"{entry['key']}: nothing explains attempt {entry['attempt']}")
        if task in attempts.accepted and entry["attempt"] > attempts.accepted[task]["attempt"]:
            verdict.violations.append(f"{entry['key']}: attempt {entry['attempt']} began though an earlier one was accepted")
    happened = {(task_number(x), x["attempt"], x["node"]) for done in effects.values() for x in done}
    for task, result in attempts.accepted.items():
        if result.get("node") and (task, result["attempt"], result["node"]) not in happened:
            verdict.violations.append(f"task {task}, attempt {result['attempt']}: accepted, but it never happened")


def check_metrics(metrics, journal, ledger, verdict):
    """Of a coordinator that had this one run, from its beginning to its end."""

    def same(what, counted, found):
        if counted != found:
            verdict.violations.append(f"{what}: {counted:.0f} counted, {found} found")

    losses = [x["task_lost"] for x in journal["events"] if "task_lost" in x]
    ended = len(results_of(journal)) + len([x for x in losses if x.get("node")])
    dispatched = total(metrics, "troupe_tasks_dispatched_total")
    # A node may refuse a task (no room, it is leaving); the dispatcher then sends it again by itself.
    refused = total(metrics, "troupe_tasks_rejected_total", 'reason="refused"')
    begun = len([x for x in ledger if x["what"] == "begun"])
    same("tasks lost", total(metrics, "troupe_tasks_lost_total"), len([x for x in losses if x.get("node")]))
    same("runs ended", total(metrics, "troupe_runs_finished_total"), 1)
    same("tasks that still wait", total(metrics, "troupe_dispatcher_queue_depth"), 0)
    if not ended <= dispatched:
        verdict.violations.append(f"{dispatched:.0f} tasks dispatched, but {ended} ended")
    if begun > dispatched + refused:
        verdict.violations.append(f"{dispatched:.0f} tasks dispatched, but {begun} begun")


def check(ledger, journal, expected, metrics=None):
    verdict = Verdict()
    attempts = Attempts(journal)
    check_results(journal, attempts, expected, verdict)
    check_effects(ledger, attempts, verdict)
    if metrics is not None:
        check_metrics(metrics, journal, ledger, verdict)
    return verdict


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--journal", required=True)
    parser.add_argument("--expected", type=int, help="items of the fan-out: item-0, item-1, … (default: those begun)")
    parser.add_argument("--metrics")
    given = parser.parse_args()
    ledger = read_ledger(given.ledger)
    journal = json.loads(pathlib.Path(given.journal).read_text())
    expected = sorted({x["item"] for x in ledger})
    if given.expected is not None:
        expected = [f"item-{i}" for i in range(given.expected)]
    metrics = read_metrics(pathlib.Path(given.metrics).read_text()) if given.metrics else None
    verdict = check(ledger, journal, expected, metrics)
    print(json.dumps(dataclasses.asdict(verdict)))
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
