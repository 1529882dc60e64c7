"""Clients that are stopped together with what they wait for."""

import os
import signal
import time

from matrix import fault
from tcp_proxy import TcpProxy
from world import wait_until

PATIENCE = 3.0
STOPPED = 4.5


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
    passed = []

    def stop_at_the_question(side):
        # Forth goes a greeting, and then the question.
        passed.append(side)
        while not client:
            time.sleep(0.001)
        if side == "forth" and passed.count(side) == 2:
            for pid in (client[0].pid, world.coordinator.pid):
                os.kill(pid, signal.SIGSTOP)

    proxy.before_passing = stop_at_the_question
    client.append(
        world.start("show", world.run, "--connect", proxy.address, "--patience", f"{PATIENCE}s", "--json")
    )
    wait_until(lambda: passed.count("forth") == 2, "the question is on its way")
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
