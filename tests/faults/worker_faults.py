"""Workers that die, stop, hang or leave."""

import signal

import checker
from matrix import Seen, fault
from threads import stopped_threads
from world import first_loss, first_redispatch, wait_until

TASKS = 200
# Tasks of which one is held at the point where its worker dies.
HELD = 30


def kill_at(world, repetition, act, what):
    world.begin()
    held = HELD + repetition % 7
    world.fan_out(TASKS, acts={held: act})
    node = world.wait_for_item(f"item-{held}", what)["node"]
    at = world.now()
    world.workers[node].kill()
    return at, finished(world, at)


def finished(world, at):
    return world.seen(at, first_loss, first_redispatch)


DIED = {"detected": "the tasks count as lost", "recovered": "the first of them is sent elsewhere"}


@fault("worker -9 before its effect", **DIED, detected_within=1, recovered_within=1, fast=True)
def before_effect(world, repetition):
    _, (seen, _) = kill_at(world, repetition, "hold_before_effect", "begun")
    return seen


@fault("worker -9 after its effect", **DIED, detected_within=1, recovered_within=1, fast=True)
def after_effect(world, repetition):
    _, (seen, _) = kill_at(world, repetition, "hold_after_effect", "effect")
    # Another worker cannot know of it: the effect is repeated, under the same key.
    world.assertGreaterEqual(seen.repeated, 1)
    return seen


@fault("worker -9 before its acknowledgement", **DIED, detected_within=1, recovered_within=1, fast=True)
def before_acknowledgement(world, repetition):
    # It dies with a result in its hands.
    world.begin(worker_environments={"w1": {"TROUPE_FAIL_POINT": f"worker.result:{10 + repetition % 20}"}})
    world.fan_out(TASKS)
    at = world.wait_for_death(world.workers["w1"])
    seen, _ = finished(world, at)
    world.assertGreaterEqual(seen.repeated, 1)
    return seen


@fault("worker -9 with tasks that it has not begun", **DIED, detected_within=1, recovered_within=1)
def before_begin(world, repetition):
    world.begin(worker_environments={"w1": {"TROUPE_FAIL_POINT": "worker.task:1"}})
    world.fan_out(TASKS)
    at = world.wait_for_death(world.workers["w1"])
    seen, _ = finished(world, at)
    world.assertEqual(seen.repeated, 0)
    return seen


def turned_away(world, name):
    """Results that came too late, wherever they were turned away."""
    coordinator, worker = world.coordinator.metrics(), world.workers[name].metrics()
    return int(
        checker.total(coordinator, "troupe_tasks_rejected_total", 'reason="late"')
        + checker.total(coordinator, "troupe_tasks_rejected_total", 'reason="unknown"')
        + checker.total(coordinator, "troupe_results_late_total")
        + checker.total(worker, "troupe_cluster_results_dropped_total")
        + checker.total(worker, "troupe_host_late_results_total")
    )


@fault(
    "worker SIGSTOP, SIGCONT after the run",
    detected="the tasks count as lost (silent for 5 s)",
    recovered="the first of them is sent elsewhere",
    detected_within=6,
    recovered_within=6,
)
def stop(world, repetition):
    world.begin()
    held = HELD + repetition % 7
    world.fan_out(TASKS, acts={held: "hold_before_effect"})
    name = world.wait_for_item(f"item-{held}")["node"]
    at = world.now()
    world.workers[name].signal(signal.SIGSTOP)
    # Its agents are processes of their own: the held one now does its task, and says so to somebody who sleeps.
    world.release.touch()
    seen, journal = finished(world, at)
    world.workers[name].signal(signal.SIGCONT)
    world.wait_for_nodes(world.coordinator, 2)
    seen.late = wait_until(lambda: turned_away(world, name), "late results are counted")
    # What came late changed nothing.
    world.assertEqual(world.journal(), journal)
    world.assertGreaterEqual(seen.repeated, 1)
    return seen


@fault(
    "worker's scheduler wedged (its threads stopped, its sockets alive)",
    detected="the tasks count as lost (silent for 5 s)",
    recovered="the first of them is sent elsewhere",
    detected_within=6,
    recovered_within=6,
)
def wedged(world, repetition):
    world.begin()
    held = HELD + repetition % 7
    world.fan_out(TASKS, acts={held: "hold_before_effect"})
    name = world.wait_for_item(f"item-{held}")["node"]
    at = world.now()
    with stopped_threads(world.workers[name].pid, "troupe-actors"):
        world.release.touch()
        seen, journal = finished(world, at)
    world.wait_for_nodes(world.coordinator, 2)
    seen.late = wait_until(lambda: turned_away(world, name), "late results are counted")
    world.assertEqual(world.journal(), journal)
    return seen


@fault("worker SIGTERM in the middle", recovered="it has left, its tasks done or handed back", recovered_within=15, fast=True)
def terminate(world, repetition):
    world.begin()
    world.fan_out(TASKS)
    world.wait_for_entries(HELD + repetition % 7)
    at = world.now()
    world.assertEqual(world.workers["w1"].stop(), 0)
    left = world.now() - at
    seen, _ = world.seen(None, None, left)
    # It was asked nicely: nothing is done twice.
    world.assertEqual(seen.repeated, 0)
    return seen


@fault(
    "joins and leaves during a run",
    recovered="from the last leave: a run over all of them ends",
    recovered_within=60,
)
def churn(world, repetition, times=100):
    """Always two or three workers that are at work; the oldest is stopped or killed, in turn."""
    world.begin(workers=2)
    # So many, and each so slow until the last one has left, that there is work throughout.
    count = times * 30
    world.fan_out(count, seconds=0.5, acts={i: "linger_always" for i in range(count)})
    names = list(world.workers)
    for name in names:
        world.wait_for_work_at(name)
    for i in range(times):
        name = f"v{i}"
        world.worker_up(name)
        names.append(name)
        # Who leaves is in the middle of something, always.
        world.wait_for_work_at(name)
        oldest = world.workers.pop(names.pop(0))
        if i % 2:
            oldest.kill()
        else:
            world.assertEqual(oldest.stop(30), 0)
        oldest.close()
    at = world.now()
    world.release.touch()
    seen, journal = world.seen(at, None, lambda *_: world.ended - at)
    # Who was killed had something in hand.
    world.assertGreaterEqual(len([x for x in journal["events"] if "task_lost" in x]), times // 2)
    return seen


@fault(
    "joins and leaves during a run (10)",
    recovered="from the last leave: a run over all of them ends",
    recovered_within=60,
    fast=True,
)
def small_churn(world, repetition):
    return churn(world, repetition, times=10)
