"""Wall clocks that are off by an hour, or jump (by libfaketime; the steady clock stays true)."""

import pathlib
import subprocess

from matrix import Seen, fault
from world import TROUPE, Skip

HOUR = 3_600


def wrong_clock(world, name, offset="+0"):
    """An environment whose wall clock is off; a file says by how much, at any time."""
    places = [pathlib.Path("/usr/lib"), pathlib.Path("/usr/lib64")]
    found = [x for place in places for x in place.glob("**/faketime/libfaketimeMT.so.1")]
    if not found:
        raise Skip("libfaketime is not installed; ./dev setup does it")
    linked = subprocess.run(["ldd", TROUPE], capture_output=True, text=True, timeout=10).stdout
    if "libasan" in linked or "libtsan" in linked:
        raise Skip("libfaketime and the sanitizers do not go together")
    setting = world.folder / f"clock-of-{name}"
    setting.write_text(offset)
    return {
        # libfaketime asks for memory before it knows the clock, and jemalloc asks for the clock before it gives any: this
        # process takes its memory from libc.
        "LD_PRELOAD": f"{found[0]} libstdc++.so.6 libc.so.6",
        "FAKETIME_TIMESTAMP_FILE": str(setting),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }, setting


def ended_in_time(world, began, within):
    """A timer on the wrong clock would take an hour; as fast as ever is the only right answer."""
    journal = world.finish()
    took = world.ended - began
    world.assertLess(took, within)
    times = [x["at_ms"] for x in journal["events"]]
    # Within a run, time never goes back.
    world.assertEqual(times, sorted(times))
    return Seen(None, took).of(world.verify(journal))


ENDS = {"recovered": "from the submission: the run has ended", "recovered_within": 20}


@fault("clock of a worker an hour off", **ENDS, fast=True)
def worker(world, repetition):
    offset = "-1h" if repetition % 2 else "+1h"
    environment, _ = wrong_clock(world, "w1", offset)
    world.begin(worker_environments={"w1": environment})
    began = world.now()
    world.fan_out(100, acts={i: "exit" for i in (3, 40)})
    seen = ended_in_time(world, began, 20)
    world.assertEqual(seen.repeated, 0)
    return seen


@fault("clock of the coordinator jumps by an hour and back", **ENDS)
def jump(world, repetition):
    environment, setting = wrong_clock(world, "c1")
    world.begin(coordinator_environment=environment)
    world.RETRY = {"maximum_attempts": 4, "initial_interval": "500ms", "jitter": 0}
    began = world.now()
    world.fan_out(200, acts={i: "exit" for i in range(5, 200, 20)}, attempt_timeout="30s", timeout="2m")
    for offset in ("+1h", "-1h", "+0") if repetition % 2 else ("-1h", "+1h", "+0"):
        before = len(world.entries())
        world.wait_for_entries(len(world.entries("effect")) + 20)
        world.assertGreater(len(world.entries()), before)
        setting.write_text(offset)
    seen = ended_in_time(world, began, 20)
    world.assertEqual(seen.repeated, 0)
    return seen


@fault("clock of the coordinator's next life an hour behind", **ENDS)
def next_life(world, repetition):
    environment, _ = wrong_clock(world, "c1", "+1h" if repetition % 2 else "-1h")
    world.begin()
    world.RETRY = {"maximum_attempts": 4, "initial_interval": "1s", "jitter": 0}
    began = world.now()
    # Tasks that wait for their next attempt when the coordinator dies.
    world.fan_out(200, acts={i: "exit" for i in range(0, 40, 10)})
    world.wait_for_entries(40)
    world.coordinator.kill()
    world.coordinator_up(environment=environment)
    return ended_in_time(world, began, 20)
