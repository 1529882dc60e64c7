"""Clients that are stopped together with what they wait for."""

import os
import signal
import struct
import threading
import time

from matrix import fault
from tcp_proxy import TcpProxy
from world import wait_until

PATIENCE = 3.0
STOPPED = 4.5


def frames_begun(data):
    """How many frames of the link protocol begin in these bytes: 4 bytes of header, the length of the body, the body."""
    at = count = 0
    while at + 8 <= len(data):
        count += 1
        at += 8 + struct.unpack_from("<I", data, at + 4)[0]
    return count


@fault(
    "client and coordinator SIGSTOP for longer than the client's patience",
    recovered="from the coordinator's SIGCONT: the client has its answer",
    recovered_within=2,
    fast=True,
)
def sleeping_machine(world, repetition):
    """Time in which nobody ran is no reason to give up."""
    world.begin(workers=1)
    world.fan_out(10)
    seen, _ = world.seen()
    proxy = TcpProxy(world.coordinator.listen)
    world.addCleanup(proxy.close)
    client = []
    sent = bytearray()
    stopped = threading.Event()

    def stop_at_the_question(side, data):
        # Forth goes a greeting, and then the question: by themselves, or in one piece.
        if side != "forth" or stopped.is_set():
            return
        sent.extend(data)
        if frames_begun(sent) < 2:
            return
        while not client:
            time.sleep(0.001)
        for pid in (client[0].pid, world.coordinator.pid):
            os.kill(pid, signal.SIGSTOP)
        stopped.set()

    proxy.before_passing = stop_at_the_question
    client.append(
        world.start("show", world.run, "--connect", proxy.address, "--patience", f"{PATIENCE}s", "--json")
    )
    wait_until(stopped.is_set, "the question is on its way")
    time.sleep(STOPPED)
    client[0].signal(signal.SIGCONT)
    # It looks at its deadline, which is long over.
    time.sleep(0.2)
    at = world.now()
    world.coordinator.signal(signal.SIGCONT)
    out = client[0].popen.stdout.read()
    world.assertEqual(client[0].popen.wait(10), 0, client[0].logged())
    world.assertIn(b'"succeeded"', out)
    seen.recovered = world.now() - at
    return seen
