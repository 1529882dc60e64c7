"""A node among enemies: whatever comes in at its ports, it goes on serving its friends, and its memory stays bounded.

The bounds (link_config): there are at most 64 strangers at a time, who may make the node hold 16 KiB each; peers that have introduced
themselves may make all links together hold 512 MiB. With the process itself and what is being worked on, the high-water mark stays
below STRANGERS_BOUND and MEMORY_BOUND."""

import os
import socket
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "process"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import MIB, SLOWDOWN, ProcessTest, wait_until  # noqa: E402
import wire  # noqa: E402
from wire import Peer  # noqa: E402

STRANGERS_BOUND = 128 * MIB
MEMORY_BOUND = 768 * MIB

WORKFLOW = {
    "workflow": "friend",
    "agents": {"a": {"kind": "lua", "script": "return {n = input.n}"}},
    "steps": [{"id": "all", "parallel": {"each": "$.input.items", "agent": "a", "input": {"n": "$.item"}}}],
}


class Hostile(ProcessTest):
    def setUp(self):
        super().setUp()
        self.coordinator, self.workers = self.start_cluster(workers=1)
        self.node = self.coordinator
        self.workflow = self.write("friend.json", WORKFLOW)
        self._open = []
        self.addCleanup(self.hang_up)

    def hang_up(self):
        for peer in self._open:
            peer.close()

    def peer(self, **options):
        peer = Peer(self.node.listen, **options)
        self._open.append(peer)
        return peer

    def assert_friends_are_served(self, items=50):
        done = self.troupe(
            "run", self.workflow, "--input", '{"items": %s}' % list(range(items)), "--connect", self.node.listen, "--json",
            timeout=30,
        )
        self.assertEqual(done.returncode, 0, done.stderr + self.node.logged())

    def assert_friends_outlive(self, attack, bound, seconds=5, count=1):
        """Friends are served while threads call `attack(stopped)` again and again, and the node's memory stays bounded."""

        def again(stopped):
            while not stopped.is_set():
                try:
                    attack(stopped)
                except (OSError, EOFError):
                    pass  # it was shown the door

        stop = self.in_background(again, count)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.assert_friends_are_served(items=10)
        stop()
        self.assert_memory(self.node, bound)


def drip(data, to):
    """Work for in_background: one byte at a time to all of them."""

    def work(stopped):
        for byte in data:
            for peer in to:
                try:
                    peer.sendall(bytes([byte]))
                except OSError:
                    pass
            if stopped.wait(0.3):
                return

    return work


class Strangers(Hostile):
    def test_garbage(self):
        for data in (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            os.urandom(1 << 16),
            b"\0" * 100,
            b"T\x02\0\0\0\0\0\0",
            b"T\x01\0\x01\0\0\0\0",
            wire.frame(os.urandom(1000)),
            wire.frame(b"", flags=3),
            wire.frame(b"\x0a" * 200),
        ):
            with self.subTest(data[:8]):
                peer = self.peer()
                peer.send(data)
                self.assertTrue(peer.ended())
        self.assert_friends_are_served()
        self.assert_memory(self.node, STRANGERS_BOUND)

    def test_huge_lengths(self):
        for head in (
            wire.frame(b"", length=0xFFFFFFFF),
            wire.frame(b"", flags=1, length=0x7FFFFFFF),
            # Within a frame's limits: an Envelope whose Hello claims 2 GiB.
            wire.frame(b"\x52\xff\xff\xff\xff\x07" + b"x" * 50),
            wire.frame(b"x" * 4096, flags=1) * 100,
        ):
            peer = self.peer()
            peer.send(head)
            self.assertTrue(peer.ended())
        self.assert_friends_are_served()
        self.assert_memory(self.node, STRANGERS_BOUND)

    def test_a_hello_of_another_world(self):
        for hello in ({"cluster": "other"}, {"role": "king"}, {"name": "x" * 300}, {"boot_id": ""}):
            with self.subTest(hello):
                peer = self.peer()
                peer.introduce(**hello)
                answer = peer.read_message()
                self.assertIn(wire.ERROR, answer)
                self.assertTrue(peer.ended())
        self.assert_friends_are_served()

    def test_silence_by_the_thousand(self):
        peers = [self.peer() for _ in range(1_000)]
        self.assert_friends_are_served()
        for peer in peers:
            peer.socket.settimeout(20 * SLOWDOWN)
            self.assertTrue(peer.ended())
        self.assert_memory(self.node, STRANGERS_BOUND)

    def test_one_byte_at_a_time(self):
        hello = wire.frame(wire.message((wire.ID, 1), (wire.HELLO, b"\x0a\x08troupe/1")))
        slow = [self.peer() for _ in range(60)]
        self.in_background(drip(hello[:-1], [peer.socket for peer in slow]))
        self.assert_friends_are_served()
        # The time to introduce oneself is counted from the first byte, not from the last.
        for peer in slow:
            self.assertTrue(peer.ended())

    def test_half_closed(self):
        for data in (b"", b"T", wire.frame(b"", length=100)):
            peer = self.peer()
            peer.send(data)
            peer.socket.shutdown(socket.SHUT_WR)
            self.assertTrue(peer.ended())
        peer = self.peer().introduce(role="client")
        peer.socket.shutdown(socket.SHUT_WR)
        self.assertTrue(peer.ended())
        self.assert_friends_are_served()

    def test_a_storm_of_connections(self):
        def storm(stopped):
            with Peer(self.node.listen) as peer:
                peer.send(b"x" * 100)

        self.assert_friends_outlive(storm, STRANGERS_BOUND, seconds=3, count=4)


class Introduced(Hostile):
    def test_results_for_tasks_that_were_never_given(self):
        peer = self.peer().introduce()
        peer.join()
        run = "run-0"
        batch = wire.message(*((1, wire.result(run, task)) for task in range(100)))
        peer.send(peer.envelope(wire.RESULT_BATCH, batch))
        peer.send(peer.heartbeat())
        peer.read_message()
        self.assert_friends_are_served()

    def test_more_results_than_tasks_end_the_link(self):
        peer = self.peer().introduce()
        peer.join()
        for task in range(1_001):
            peer.send(peer.envelope(wire.RESULT_BATCH, wire.message((1, wire.result("run-0", task)))))
        self.assertTrue(peer.ended())
        wait_until(lambda: "was never given" in self.node.logged(), "the node says why")
        self.assert_friends_are_served()

    def flood_of_a_member(self, data_of):
        """A member that sends the same again and again, and reads no answer."""

        def flood(stopped):
            with Peer(self.node.listen) as peer:
                peer.introduce(name="flood", boot_id="flood-1")
                peer.join(name="flood", boot_id="flood-1")
                data = data_of(peer)
                while not stopped.is_set() and peer.send(data):
                    pass

        self.assert_friends_outlive(flood, MEMORY_BOUND, seconds=3)

    def test_a_flood_of_results(self):
        batch = wire.message(*((1, wire.result("run-0", task, output=b"x" * 100)) for task in range(1_000)))
        self.flood_of_a_member(lambda peer: peer.envelope(wire.RESULT_BATCH, batch) * 10)

    def test_heartbeats_of_another_life(self):
        peer = self.peer().introduce()
        peer.join()
        peer.send(peer.heartbeat(boot_id="intruder-0"))
        self.assertIn(wire.ERROR, peer.read_message())
        # Nor of another node.
        peer.send(peer.heartbeat(name="w1"))
        self.assertIn(wire.ERROR, peer.read_message())
        # And a message that is meant for another life of the node.
        peer.boot_id = b"another"
        peer.send(peer.heartbeat())
        self.assertIn(wire.ERROR, peer.read_message())
        self.assert_friends_are_served()

    def test_a_flood_of_heartbeats(self):
        self.flood_of_a_member(lambda peer: peer.heartbeat(name="flood", boot_id="flood-1") * 5_000)

    def test_a_flood_of_questions_whose_answers_nobody_reads(self):
        self.assert_friends_are_served(items=500)
        run = self.json("runs", "--connect", self.node.listen)["runs"][0]["run_id"]

        def flood(stopped):
            with Peer(self.node.listen, receive_buffer=4096) as peer:
                peer.introduce(role="client")
                data = b"".join(peer.envelope(wire.GET_RUN, wire.message((1, run))) for _ in range(2_000))
                while not stopped.is_set() and peer.send(data):
                    pass

        self.assert_friends_outlive(flood, MEMORY_BOUND, count=3)

    def test_messages_that_never_end(self):
        piece = b"x" * (256 << 10)
        peers = [self.peer(timeout=2).introduce(role="client", name=f"c{i}", boot_id=f"b{i}") for i in range(50)]
        for peer in peers:
            # 60 MiB each, of a message whose last piece never comes.
            for _ in range(240):
                if not peer.send(wire.frame(piece, flags=1)):
                    break
        self.assert_friends_are_served()
        self.assert_memory(self.node, MEMORY_BOUND)

    def test_large_runs_by_the_dozen(self):
        definition = b'{"workflow": "x", "x": "' + b"x" * (1 << 19) + b'"}'
        given = b'{"x": "' + b"y" * (2 << 20) + b'"}'
        body = wire.message((2, definition), (3, given))

        def flood(stopped):
            with Peer(self.node.listen) as peer:
                peer.introduce(role="client")
                pieces = peer.envelope(wire.SUBMIT_RUN, body)[8:]
                step = 256 << 10
                framed = b"".join(
                    wire.frame(pieces[at : at + step], 1 if at + step < len(pieces) else 3)
                    for at in range(0, len(pieces), step)
                )
                while not stopped.is_set() and peer.send(framed):
                    pass

        self.assert_friends_outlive(flood, MEMORY_BOUND, count=2)

    def test_as_many_as_there_is_room_for(self):
        # A thousand that say nothing after their Hello; agents that are processes need descriptors too.
        for i in range(1_000):
            self.peer().introduce(role="client", name=f"c{i}", boot_id=f"b{i}")
        self.assert_friends_are_served()
        self.assert_memory(self.node, MEMORY_BOUND)


class MetricsPort(Hostile):
    def connect(self):
        host, port = self.node.metrics_address.rsplit(":", 1)
        connection = socket.create_connection((host, int(port)), timeout=10)
        self._open.append(connection)
        return connection

    def assert_scrape(self):
        with urllib.request.urlopen(f"http://{self.node.metrics_address}/metrics", timeout=10) as answer:
            self.assertIn(b"troupe_", answer.read())

    def test_garbage(self):
        for data in (b"\0" * 1000, b"GET " + b"/" * 100_000, os.urandom(10_000), b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 50_000):
            connection = self.connect()
            try:
                connection.sendall(data)
            except OSError:
                pass
            self.assert_scrape()
        self.assert_memory(self.node, STRANGERS_BOUND)

    def test_silence_by_the_thousand(self):
        for _ in range(1_000):
            self.connect()
        self.assert_scrape()
        self.assert_memory(self.node, STRANGERS_BOUND)

    def test_scrapes_that_nobody_reads(self):
        for _ in range(100):
            connection = self.connect()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        self.assert_scrape()
        self.assert_memory(self.node, STRANGERS_BOUND)

    def test_one_byte_at_a_time(self):
        slow = [self.connect() for _ in range(30)]
        self.in_background(drip(b"GET /metrics HTTP/1.1\r\n" + b"a" * 1000, slow))
        for _ in range(3):
            self.assert_scrape()


if __name__ == "__main__":
    unittest.main()
