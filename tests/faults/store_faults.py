"""Journals on a disk that is full, locked by somebody else, or damaged."""

import os
import shutil
import sqlite3
import subprocess
import time

from matrix import fault
from world import Skip, first_result

TASKS = 200
DISK_BYTES = 16 << 20


def small_disk(world):
    """A file system of its own, gone with the world."""
    folder = world.folder / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        raise Skip("only root can mount a small disk")
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", str(folder)]
    done = subprocess.run(["mount", *options], capture_output=True, text=True, timeout=10)
    if done.returncode != 0:
        raise Skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    world.addCleanup(subprocess.run, ["umount", "--lazy", str(folder)], check=True, timeout=10)
    return folder


def fill(path):
    with open(path, "wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    filler.write(b"\0" * size)
            except OSError:
                continue


def outage(world, begin, end):
    """While the store fails nothing new is taken in; what is under way goes on when it is back."""
    world.wait_for_entries(20)
    at = world.now()
    begin()
    world.wait_for_metric(world.coordinator, "troupe_journal_degraded", timeout=20)
    detected = world.now() - at
    own = world.run
    refused = world.troupe(
        *("submit", world.flow, "--input", f"@{world.given}", "--run-id", "other", "--connect", world.coordinator.listen),
        timeout=30,
    )
    world.assertNotEqual(refused.returncode, 0)
    world.assertIn("no new runs while the store fails", refused.stderr)
    before = len(world.entries("begun"))
    time.sleep(1)
    # Nothing follows from what is not durable: agents finish what they have and get nothing that depends on it.
    world.assertLessEqual(len(world.entries("begun")) - before, TASKS)
    end()
    back = world.now()
    world.run = own
    seen, _ = world.seen(back, detected, first_result)
    world.assertEqual(world.metric(world.coordinator, "troupe_journal_degraded"), 0)
    world.assertEqual(seen.repeated, 0)
    # It was tried again and again, and told once.
    for line in ("run waits for its journal", "no run waits for the journal any more"):
        world.assertEqual(world.coordinator.log.read_text().count(line), 1, world.coordinator.logged())
    return seen


@fault(
    "disk full",
    detected="the journal counts as degraded",
    recovered="from the moment that there is room: the first result is accepted",
    detected_within=3,
    recovered_within=3,
)
def full(world, repetition):
    disk = small_disk(world)
    world.begin(data=disk / "journal")
    world.fan_out(TASKS, seconds=0.05)
    filler = disk / "filler"
    return outage(world, lambda: fill(filler), filler.unlink)


@fault(
    "database locked by another process",
    detected="the journal counts as degraded (the store has waited for 5 s)",
    recovered="from the release: the first result is accepted",
    detected_within=10,
    recovered_within=7,
)
def locked(world, repetition):
    world.begin()
    world.fan_out(TASKS, seconds=0.05)
    holder = sqlite3.connect(world.data / "troupe.db", timeout=10, isolation_level=None)
    world.addCleanup(holder.close)
    return outage(world, lambda: holder.execute("BEGIN EXCLUSIVE"), lambda: holder.execute("ROLLBACK"))


def damage(path):
    """Every page but the first, which says how large the pages are."""
    page = 4_096
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        for at in range(page, size, page):
            file.seek(at)
            file.write(os.urandom(64))


@fault(
    "database damaged while no coordinator runs",
    detected="the node says so and ends",
    recovered="with the copy restored: the first result is accepted",
    detected_within=5,
    recovered_within=15,
    fast=True,
)
def damaged(world, repetition):
    world.begin(workers=1)
    world.fan_out(40)
    world.wait_for_entries(10)
    world.coordinator.kill()
    database = world.data / "troupe.db"
    with sqlite3.connect(database) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole.close()
    copy = world.folder / "copy.db"
    shutil.copy(database, copy)
    damage(database)
    said, words = world.refused()
    world.assertIn("troupe.db", words)
    for rest in world.data.glob("troupe.db*"):
        rest.unlink()
    shutil.copy(copy, database)
    restored = world.now()
    world.coordinator_up()
    return world.seen(restored, said, first_result)[0]
