"""`troupe up`: a cluster of processes that is kept running, and stopped as one."""

import json
import os
import signal
import unittest

from harness import ProcessTest, wait_until


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Up(ProcessTest):
    def up(self, *arguments):
        process = self.start("up", "--listen", "127.0.0.1:0", "--json", *arguments)
        return process, json.loads(process.read_line())

    def nodes(self, cluster):
        return self.json("nodes", "--connect", cluster["connect"])["nodes"]

    def all_up(self, cluster, count):
        return wait_until(
            lambda: len([x for x in self.nodes(cluster) if x["state"] == "up"]) == count, f"{count} workers up"
        )

    def test_starts_a_coordinator_and_workers(self):
        _, cluster = self.up("-n", "3")
        self.assertEqual([x["name"] for x in cluster["nodes"]], ["c1", "w1", "w2"])
        self.all_up(cluster, 2)

    def test_one_process_is_a_cluster_too(self):
        _, cluster = self.up("-n", "1")
        self.all_up(cluster, 1)
        done = self.troupe("send", "text.keywords", '{"text": "one two"}', "--connect", cluster["connect"])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_starts_a_worker_again_that_was_killed(self):
        _, cluster = self.up("-n", "2")
        self.all_up(cluster, 1)
        first = self.nodes(cluster)[0]["info"]["boot_id"]
        os.kill(cluster["nodes"][1]["pid"], signal.SIGKILL)
        wait_until(
            lambda: any(x["state"] == "up" and x["info"]["boot_id"] != first for x in self.nodes(cluster)),
            "the worker is back",
        )

    def test_stops_everything_on_sigint(self):
        process, cluster = self.up("-n", "3")
        self.all_up(cluster, 2)
        process.signal(signal.SIGINT)
        self.assertEqual(process.popen.wait(30), 0)
        self.assertFalse(any(is_running(x["pid"]) for x in cluster["nodes"]))

    def test_takes_its_nodes_along_when_it_is_killed(self):
        process, cluster = self.up("-n", "2")
        process.kill()
        wait_until(lambda: not any(is_running(x["pid"]) for x in cluster["nodes"]), "no node is left")

    def test_refuses_numbers_that_make_no_sense(self):
        self.assert_refused(self.troupe("up", "-n", "0"), "1 to 64")
        self.assert_refused(self.troupe("up", "-n", "100"), "1 to 64")


if __name__ == "__main__":
    unittest.main()
