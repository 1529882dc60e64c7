"""Connections that are reset, flap, or fall silent without an end; ports that are taken."""

import socket
import time

from matrix import Seen, fault
from tcp_proxy import TcpProxy
from world import first_loss, first_redispatch, wait_until

TASKS = 200


def begin_with_proxy(world):
    """w1 reaches its coordinator through the proxy, w2 directly."""
    made = []

    def via(target):
        made.append(TcpProxy(target))
        world.addCleanup(made[0].close)
        return made[0].address

    world.begin(via=via)
    return made[0]


@fault(
    "connection reset",
    detected="the tasks count as lost",
    recovered="the first of them is sent again",
    detected_within=1,
    recovered_within=1,
    fast=True,
)
def reset(world, repetition):
    proxy = begin_with_proxy(world)
    world.fan_out(TASKS)
    world.wait_for_entries(20 + repetition % 50)
    at = world.now()
    proxy.reset()
    seen, _ = world.seen(at, first_loss, first_redispatch)
    # The worker lives, and is a member again.
    world.wait_for_nodes(world.coordinator, 2)
    return seen


@fault(
    "connection flapping: 20 resets, 100 ms apart, half of the tries to connect refused",
    detected="the tasks count as lost",
    recovered="from the last reset: the worker is a member again",
    detected_within=1,
    recovered_within=4,
)
def flapping(world, repetition):
    proxy = begin_with_proxy(world)
    # A task may be lost more often than a run puts up with: five times are the end of it. That is no fault of the task
    # here, so there are enough agents that nothing waits on the flapping node for long.
    world.fan_out(TASKS, seconds=0.05)
    world.wait_for_entries(10)
    at = world.now()
    for i in range(20):
        proxy.refuse(i % 2 == 0)
        proxy.reset()
        time.sleep(0.1)
    proxy.refuse(False)
    last = world.now()
    world.wait_for_nodes(world.coordinator, 2)
    back = world.now() - last
    return world.seen(at, first_loss, back)[0]


def silent(world, repetition, seconds=0.03, **direction):
    proxy = begin_with_proxy(world)
    held = 30 + repetition % 7
    world.fan_out(TASKS, seconds=seconds)
    world.wait_for_entries(held)
    at = world.now()
    proxy.hold(**direction)
    seen, _ = world.seen(at, first_loss, first_redispatch)
    # The worker stops by itself to work for somebody who does not hear it, and comes back when it is heard.
    world.wait_for_metric(world.workers["w1"], "troupe_cluster_connect_failures_total", timeout=20)
    proxy.proceed()
    world.wait_for_nodes(world.coordinator, 2)
    return seen


SILENT = {
    "detected": "the tasks count as lost (silent for 5 s)",
    "recovered": "the first of them is sent elsewhere",
    "detected_within": 6,
    "recovered_within": 6,
}


@fault("network silent in both directions", **SILENT)
def partition(world, repetition):
    return silent(world, repetition)


@fault("network silent from the worker only", **SILENT)
def one_way_forth(world, repetition):
    return silent(world, repetition, back=False)


@fault(
    "network silent to the worker only",
    detected="the tasks count as lost (the worker has had no acknowledgement for 7 s and cuts the link)",
    recovered="the first of them is sent elsewhere",
    detected_within=9,
    recovered_within=9,
)
def one_way_back(world, repetition):
    # Results still arrive: there must be work for longer than anybody's patience.
    return silent(world, repetition, seconds=0.25, forth=False)


@fault(
    "port taken",
    detected="the node says so and ends",
    recovered="with the port free it starts and the run goes on",
    detected_within=5,
    recovered_within=10,
    fast=True,
)
def port_taken(world, repetition):
    world.begin()
    world.fan_out(60)
    world.wait_for_entries(10)
    world.coordinator.kill()
    host, port = world.coordinator.listen.rsplit(":", 1)

    def take():
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, int(port)))
        except OSError:
            taken.close()
            return None
        taken.listen()
        return taken

    squatter = wait_until(take, "the port can be taken", timeout=30)
    said, words = world.refused()
    world.assertIn(world.coordinator.listen, words)
    squatter.close()
    freed = world.now()
    world.coordinator_up()
    journal = world.finish()
    return Seen(said, world.now() - freed).of(world.verify(journal))
