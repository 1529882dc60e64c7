"""Agents that die, hang, talk nonsense, are slow, or bring down whoever works on a task of theirs."""

import json
import os
import signal

import checker
from matrix import Seen, fault
from world import first_failure, first_redispatch

TASKS = 60
WRONG = 11


@fault(
    "agent's process -9",
    detected="the attempt has failed",
    recovered="the next attempt is sent (after a backoff of 50 ms)",
    detected_within=1,
    recovered_within=1,
    fast=True,
)
def kill(world, repetition):
    world.begin()
    world.fan_out(TASKS, acts={WRONG: "hold_before_effect"})
    begun = world.wait_for_item(f"item-{WRONG}")
    at = world.now()
    os.kill(begun["pid"], signal.SIGKILL)
    seen, _ = world.seen(at, first_failure, first_redispatch)
    world.assertEqual(seen.repeated, 0)
    return seen


@fault(
    "agent's process -9 after its effect",
    detected="the attempt has failed",
    recovered="the next attempt is sent (after a backoff of 50 ms)",
    detected_within=1,
    recovered_within=1,
)
def kill_after_effect(world, repetition):
    world.begin()
    world.fan_out(TASKS, acts={WRONG: "hold_after_effect"})
    done = world.wait_for_item(f"item-{WRONG}", "effect")
    at = world.now()
    os.kill(done["pid"], signal.SIGKILL)
    seen, _ = world.seen(at, first_failure, first_redispatch)
    world.assertEqual(seen.repeated, 1)
    return seen


def hang(world, act):
    world.begin()
    world.fan_out(TASKS, acts={WRONG: act}, attempt_timeout="2s")
    at = world.wait_for_item(f"item-{WRONG}")["at"]
    return world.seen(at, first_failure, first_redispatch)[0]


HUNG = {
    "detected": "from its begin: the attempt has timed out (attempt_timeout: 2s)",
    "recovered": "the next attempt is sent (after a backoff of 50 ms)",
    "detected_within": 3.5,
    "recovered_within": 4,
}


@fault("agent hangs", **HUNG, fast=True)
def hangs(world, repetition):
    return hang(world, "hang")


@fault("agent writes garbage and hangs", **HUNG)
def garbage_and_hangs(world, repetition):
    return hang(world, "nonsense_and_hang")


@fault("agent writes garbage between its answers", fast=True)
def garbage(world, repetition):
    world.begin()
    world.fan_out(TASKS, acts={i: "nonsense" for i in range(0, TASKS, 7)})
    seen, _ = world.seen()
    world.assertEqual(seen.repeated, 0)
    garbage = sum(world.metric(x, "troupe_process_garbage_lines_total") for x in world.workers.values())
    world.assertGreaterEqual(garbage, 6 * len(range(0, TASKS, 7)))
    return seen


@fault("agents of one node 20 times slower", recovered="from the submission: the run has ended", recovered_within=8)
def slow(world, repetition):
    """A node's share of the work follows from its speed, and not from the number of nodes."""
    world.begin(worker_environments={"w1": {"TROUPE_TEST_SLOWER": "20"}})
    at = world.now()
    world.fan_out(400, seconds=0.01)
    journal = world.finish()
    seen = Seen(None, world.ended - at).of(world.verify(journal))
    world.assertEqual(seen.repeated, 0)
    return seen


@fault(
    "poison task: its agent dies of it, every time",
    recovered="from the submission: the run has ended without it",
    recovered_within=15,
    fast=True,
)
def poison(world, repetition):
    world.begin()
    at = world.now()
    world.fan_out(TASKS, acts={WRONG: "exit_always"})
    journal = world.finish()
    seen = Seen(None, world.ended - at).of(without_poison(world, journal))
    world.assertEqual(seen.repeated, 0)
    return seen


def without_poison(world, journal):
    """All others have their result, the run says which one has none and why."""
    rest = [x for x in world.expected if x != f"item-{WRONG}"]
    verdict = world.verify(journal, "partial", rest)
    failed = failed_branches(journal)
    world.assertEqual([x["agent"] for x in failed], [f"item-{WRONG}"], failed)
    world.assertIn("crashed", json.dumps(failed[0]["error"]), failed)
    return verdict


def failed_branches(journal):
    aggregates = [
        x["task_finished"]["result"]["output"]
        for x in journal["events"]
        if "task_finished" in x and not x["task_finished"]["result"].get("node")
    ]
    return aggregates[-1]["metadata"]["failed_agents"]


@fault(
    "poison for all: an agent that always dies",
    detected="its circuit breaker is open",
    recovered="from the submission: the run has ended and says so",
    detected_within=10,
    recovered_within=60,
)
def breaker(world, repetition):
    world.begin()
    at = world.now()
    world.RETRY = {"maximum_attempts": 2, "initial_interval": "20ms", "jitter": 0}
    world.fan_out(TASKS, acts={i: "exit_always" for i in range(TASKS)})
    world.wait_for_log(world.coordinator, "opened the circuit breaker of agent recorder")
    opened = world.now() - at
    journal = world.finish()
    seen = Seen(opened, world.ended - at).of(world.verify(journal, "failed", []))
    world.assertIn("recorder", json.dumps(journal["summary"]) + json.dumps(checker.results_of(journal)))
    # What the breaker held back was never begun.
    world.assertLess(len(world.entries("begun")), 2 * TASKS)
    return seen


@fault(
    "poison task: its node dies of it, every time",
    recovered="from the submission: the run has ended without it",
    recovered_within=60,
)
def kills_its_node(world, repetition):
    """Workers are started again, as systemd or `troupe up` would; the task is given up after five."""
    world.begin()
    at = world.now()
    world.fan_out(TASKS, acts={WRONG: "kill_node_always"})
    watch = world.start("watch", world.run, "--connect", world.coordinator.listen, "--json")
    deaths = 0
    while watch.popen.poll() is None and world.now() < at + 60:
        for name, worker in list(world.workers.items()):
            if worker.popen.poll() is not None:
                deaths += 1
                worker.close()
                world.worker_up(name)
        signal.sigtimedwait([], 0.02)
    # The run may have ended with the last of them.
    deaths += sum(worker.popen.poll() is not None for worker in world.workers.values())
    journal = world.finish()
    world.assertEqual(deaths, 5)
    return Seen(None, world.ended - at).of(without_poison(world, journal))
