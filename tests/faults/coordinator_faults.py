"""Coordinators that die at every boundary of a transaction, stop, or are stopped."""

import signal
import time

from matrix import Seen, fault
from threads import stopped_threads
from world import first_result, first_result_of_next_life, takeover

# Passed by every run: the moments between which everything happens. The store's are passed in every transaction of
# its: the run's creation, each append, each claim.
BOUNDARIES = {
    "coordinator.submitted": "a run has come; nothing is stored",
    "store.written": "in a transaction, everything written, nothing committed",
    "store.committed": "durable, and nobody knows",
    "coordinator.launched": "the run is stored and begun; its client has no answer",
    "run.durable": "events are durable; what follows from them has not left",
    "dispatcher.placed": "tasks have a node, and are not sent",
    "link.sent": "tasks are given to the socket",
    "dispatcher.result": "results have come",
    "run.result": "results are with their run, and not in the journal",
    "run.ended": "the end is durable; nobody was told",
}

# More passes than a run of this size has: at each boundary the last ones find that the run has ended.
MOST_PASSES = 24


def next_life(world, journal, at):
    """Detection and recovery; a run that ended before has neither."""
    seen = Seen()
    if any("run_resumed" in x for x in journal["events"]):
        seen.detected = takeover(world, journal, at)
        seen.recovered = first_result_of_next_life(world, journal, at)
    return seen


def taken_over(world, at):
    """Until the next life has brought the run to its end, without doing anything twice that it could know of."""
    journal = world.finish()
    assert_nothing_durable_was_repeated(world, journal)
    return next_life(world, journal, at).of(world.verify(journal))


def assert_nothing_durable_was_repeated(world, journal):
    """What the journal held when a life began was not given to an agent again."""
    for i, event in enumerate(journal["events"]):
        if "run_resumed" not in event:
            continue
        done = {x["task_finished"]["result"]["task"] for x in journal["events"][:i] if "task_finished" in x}
        taken = world.at(event)
        again = [x for x in world.entries("begun") if int(x["task_id"].rsplit("/", 1)[1]) in done and x["at"] > taken]
        world.assertEqual(again, [])


def kill_at_boundary(world, name, passes):
    """None: the run passes there less often."""
    world.begin(workers=1, coordinator_environment={"TROUPE_FAIL_POINT": f"{name}:{passes}"})
    submitted = world.pipeline()
    died = world.coordinator.popen
    if submitted:
        # Whoever has an answer can rely on it, from now on.
        watch = world.start("watch", world.run, "--connect", world.coordinator.listen, "--json")
        deadline = time.monotonic() + 60
        while died.poll() is None and watch.popen.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        if died.poll() is None:
            # The watcher is told of the end a moment before the coordinator passes the last boundaries.
            return None
    world.assertEqual(died.wait(30), -signal.SIGKILL)
    at = world.now()
    world.coordinator_up()
    if not submitted:
        # Its client got no answer, and asks again.
        world.submit_again()
    return taken_over(world, at)


def all_passes(name):
    def run(world, repetition):
        return kill_at_boundary(world, name, repetition + 1)

    return run


for boundary, meaning in BOUNDARIES.items():
    fault(
        f"coordinator -9 at {boundary}: {meaning}",
        detected="its next life has the run",
        recovered="the first new result is accepted",
        detected_within=10,
        recovered_within=20,
        variants=MOST_PASSES,
    )(all_passes(boundary))


@fault(
    "coordinator -9 at coordinator.claimed: while its second life takes over",
    detected="the third life has the run",
    recovered="the first new result is accepted",
    detected_within=10,
    recovered_within=20,
    fast=True,
)
def dies_of_the_takeover(world, repetition):
    world.begin(workers=1)
    world.fan_out(40)
    world.wait_for_entries(5 + repetition % 20)
    world.coordinator.kill()
    try:
        at = world.wait_for_death(world.coordinator_up(environment={"TROUPE_FAIL_POINT": "coordinator.claimed"}))
    except AssertionError as never_ready:
        # It may be dead before it says that it is ready.
        world.assertIn(f"ended with {-signal.SIGKILL}", str(never_ready))
        at = world.now()
        world.lives += 1
    world.coordinator_up()
    return taken_over(world, at)


@fault(
    "coordinator -9 during a fan-out",
    detected="its next life has the run",
    recovered="the first new result is accepted",
    detected_within=10,
    recovered_within=20,
    fast=True,
)
def kill(world, repetition):
    world.begin()
    world.fan_out(200)
    world.wait_for_entries(20 + 10 * (repetition % 12))
    at = world.now()
    world.coordinator.kill()
    world.coordinator_up()
    return taken_over(world, at)


@fault(
    "coordinator SIGTERM in the middle",
    detected="its next life has the run",
    recovered="the first new result is accepted",
    detected_within=30,
    recovered_within=40,
)
def terminate(world, repetition):
    world.begin()
    world.fan_out(200)
    world.wait_for_entries(20 + 10 * (repetition % 12))
    at = world.now()
    world.assertEqual(world.coordinator.stop(40), 0)
    world.coordinator_up()
    return taken_over(world, at)


def pause(world, seconds, stop, proceed):
    """When it went on."""
    world.begin()
    world.fan_out(400, seconds=0.1)
    world.wait_for_entries(20)
    stop()
    time.sleep(seconds)
    at = world.now()
    proceed()
    return at


@fault(
    "coordinator SIGSTOP for 2 s",
    recovered="from SIGCONT: the first new result is accepted",
    recovered_within=2,
)
def short_stop(world, repetition):
    """Shorter than anybody's patience: nobody may be blamed for it, nothing is done twice."""

    def stop():
        world.coordinator.signal(signal.SIGSTOP)

    def proceed():
        world.coordinator.signal(signal.SIGCONT)

    at = pause(world, 2, stop, proceed)
    seen, _ = world.seen(at, None, first_result)
    world.assertEqual(seen.repeated, 0)
    return seen


@fault(
    "coordinator SIGSTOP for 9 s",
    detected="from SIGSTOP: a worker has stopped its work for it",
    recovered="from SIGCONT: the first new result is accepted",
    detected_within=9,
    recovered_within=10,
)
def long_stop(world, repetition):
    fenced = []

    def stop():
        began = world.now()
        world.coordinator.signal(signal.SIGSTOP)
        world.wait_for_metric(world.workers["w1"], "troupe_cluster_fences_total", timeout=9)
        fenced.append(world.now() - began)

    at = pause(world, 1.5, stop, lambda: world.coordinator.signal(signal.SIGCONT))
    return world.seen(at, fenced[0], first_result)[0]


@fault(
    "coordinator's scheduler wedged for 9 s",
    detected="a worker has stopped its work for it",
    recovered="from its release: the first new result is accepted",
    detected_within=9,
    recovered_within=10,
)
def wedged(world, repetition):
    world.begin()
    world.fan_out(400, seconds=0.1)
    world.wait_for_entries(20)
    began = world.now()
    with stopped_threads(world.coordinator.pid, "troupe-actors"):
        world.wait_for_metric(world.workers["w1"], "troupe_cluster_fences_total", timeout=9)
        fenced = world.now() - began
        time.sleep(1.5)
    return world.seen(world.now(), fenced, first_result)[0]


@fault(
    "coordinator's scheduler wedged for good",
    detected="the process ends itself (its supervision tree has not answered for 15 s)",
    recovered="the first new result is accepted by its next life",
    detected_within=20,
    recovered_within=25,
)
def wedged_for_good(world, repetition):
    """An actor that never returns, on the only thread of the scheduler."""
    environment = {"TROUPE_FAIL_POINT": f"run.result:{10 + repetition % 20}:hang"}
    world.begin(coordinator_environment=environment, threads=1)
    world.fan_out(200)
    world.wait_for_entries(20)
    code = world.coordinator.popen.wait(60)
    ended = world.now()
    world.assertEqual(code, 1, world.coordinator.logged())
    world.assertIn("does not answer", world.coordinator.logged())
    world.coordinator_up()
    journal = world.finish()
    assert_nothing_durable_was_repeated(world, journal)
    # Nothing could be written down since it hung.
    hung = max(world.at(x) for x in journal["events"][: takeover_at(journal)])
    seen = next_life(world, journal, hung).of(world.verify(journal))
    seen.detected = ended - hung
    return seen


def takeover_at(journal):
    return next(i for i, x in enumerate(journal["events"]) if "run_resumed" in x)
