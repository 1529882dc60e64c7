"""Runs across processes, and what becomes of them when processes die."""

import json
import sys
import unittest

from harness import ROOT, ProcessTest, wait_until

AGENT = ROOT / "tests" / "process" / "recording_agent.py"


class Cluster(ProcessTest):
    def setUp(self):
        super().setUp()
        self.record = self.folder / "record.jsonl"
        self.record.touch()

    def fan_out(self, **step):
        return self.write(
            "fan_out.json",
            {
                "workflow": "fan-out",
                "agents": {
                    "recorder": {
                        "kind": "process",
                        "command": [sys.executable, str(AGENT), str(self.record)],
                        "replicas": 2,
                    }
                },
                "steps": [
                    {
                        "id": "all",
                        "parallel": {
                            "each": "$.input.items",
                            "agent": "recorder",
                            "input": {"item": "$.item", "seconds": "$.input.seconds", **step},
                        },
                    }
                ],
            },
        )

    def recorded(self):
        """Every task that an agent began, with its attempt; a line that is being written does not count."""
        return [json.loads(line) for line in self.record.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def wait_for_records(self, count):
        wait_until(lambda: len(self.recorded()) >= count, f"{count} tasks begun", timeout=60)

    def finished_tasks(self, details):
        # What the coordinator computes itself (an aggregation) ran on no node.
        results = [x["task_finished"]["result"] for x in details["events"] if "task_finished" in x]
        return [x for x in results if x.get("node")]

    def assert_complete(self, details, items):
        """One successful result in the journal for each item, none twice."""
        self.assertEqual(details["summary"]["state"], "succeeded", details["summary"])
        good = [x for x in self.finished_tasks(details) if x["status"] == "success"]
        self.assertEqual(sorted(x["output"]["item"] for x in good), sorted(items))
        self.assertEqual(len({x["task"] for x in good}), len(items))

    def submit(self, coordinator, items, seconds, **step):
        given = json.dumps({"items": items, "seconds": seconds})
        return self.json("submit", self.fan_out(**step), "--input", given, "--connect", coordinator.listen)["run_id"]

    def show(self, coordinator, run):
        return self.json("show", run, "--connect", coordinator.listen)

    def watch(self, coordinator, run, timeout=90):
        return self.troupe("watch", run, "--connect", coordinator.listen, "--json", timeout=timeout)

    def test_a_run_uses_all_workers(self):
        coordinator, _ = self.start_cluster(workers=2)
        items = [f"item-{i}" for i in range(24)]
        given = json.dumps({"items": items, "seconds": 0.05})
        done = self.troupe("run", self.fan_out(), "--input", given, "--connect", coordinator.listen, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stderr.startswith(f"run {json.loads(done.stdout)['run_id']} begins"), done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["state"], "succeeded")
        details = self.show(coordinator, result["run_id"])
        self.assert_complete(details, items)
        self.assertEqual({x["node"] for x in self.finished_tasks(details)}, {"w1", "w2"})

    def test_a_fan_out_of_200_survives_a_worker_killed_in_the_middle(self):
        coordinator, workers = self.start_cluster(workers=2)
        items = [f"item-{i}" for i in range(200)]
        run = self.submit(coordinator, items, 0.02)
        self.wait_for_records(60)
        workers[0].kill()
        done = self.watch(coordinator, run)
        self.assertEqual(done.returncode, 0, done.stderr)
        details = self.show(coordinator, run)
        self.assert_complete(details, items)
        # The other one cannot have been asked for more than was lost with the first, and keys stay the same.
        keys = {}
        for entry in self.recorded():
            keys.setdefault(entry["item"], set()).add(entry["idempotency_key"])
        self.assertTrue(all(len(x) == 1 for x in keys.values()))

    def test_a_run_goes_on_after_its_coordinator_was_killed(self):
        coordinator, _ = self.start_cluster(workers=2)
        items = [f"item-{i}" for i in range(100)]
        run = self.submit(coordinator, items, 0.05)
        self.wait_for_records(40)
        coordinator.kill()
        again = self.start_coordinator("c1", coordinator.listen)
        done = self.watch(again, run)
        self.assertEqual(done.returncode, 0, done.stderr)
        details = self.show(again, run)
        self.assert_complete(details, items)
        # What the journal held when the second life began is not run again.
        resumed = next(i for i, x in enumerate(details["events"]) if "run_resumed" in x)
        before = {x["task_finished"]["result"]["task"] for x in details["events"][:resumed] if "task_finished" in x}
        self.assertGreater(len(before), 0)
        after = {x["task_finished"]["result"]["task"] for x in details["events"][resumed:] if "task_finished" in x}
        self.assertEqual(before & after, set())
        # A task may have been begun twice (it was under way), but always under one idempotency key.
        keys = {}
        for entry in self.recorded():
            keys.setdefault(entry["item"], set()).add(entry["idempotency_key"])
        self.assertTrue(all(len(x) == 1 for x in keys.values()))

    def test_whoever_watches_a_run_sees_its_end_although_the_coordinator_was_killed(self):
        coordinator, _ = self.start_cluster(workers=1)
        items = [f"item-{i}" for i in range(40)]
        run = self.submit(coordinator, items, 0.05)
        watcher = self.start("watch", run, "--connect", coordinator.listen, "--json")
        self.wait_for_records(10)
        coordinator.kill()
        self.start_coordinator("c1", coordinator.listen)
        self.assertEqual(watcher.popen.wait(60), 0, watcher.logged())
        self.assertIn("connected again", watcher.logged())
        self.assertEqual(json.loads(watcher.popen.stdout.read())["state"], "succeeded")

    def test_a_request_to_an_agent_that_is_not_there_is_answered_at_once(self):
        coordinator, _ = self.start_cluster(workers=1)
        done = self.troupe("send", "nobody", "{}", "--connect", coordinator.listen, timeout=10)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("nobody", done.stderr)

    def test_a_node_that_drains_gets_nothing_new(self):
        coordinator, _ = self.start_cluster(workers=2)
        self.assertEqual(self.troupe("drain", "w1", "--connect", coordinator.listen).returncode, 0)
        self.wait_for_nodes(coordinator, 1, "draining")
        items = [f"item-{i}" for i in range(20)]
        run = self.submit(coordinator, items, 0.01)
        self.assertEqual(self.watch(coordinator, run).returncode, 0)
        self.assertEqual({x["node"] for x in self.finished_tasks(self.show(coordinator, run))}, {"w2"})

    def test_a_worker_told_to_stop_hands_back_what_it_has(self):
        coordinator, workers = self.start_cluster(workers=2)
        items = [f"item-{i}" for i in range(60)]
        run = self.submit(coordinator, items, 0.05)
        self.wait_for_records(20)
        self.assertEqual(workers[0].stop(), 0)
        done = self.watch(coordinator, run)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_complete(self.show(coordinator, run), items)

    def test_cancel_ends_a_run(self):
        coordinator, _ = self.start_cluster(workers=1)
        run = self.submit(coordinator, ["a", "b"], 0, release=str(self.folder / "never"))
        self.wait_for_records(1)
        self.assertEqual(self.troupe("cancel", run, "--connect", coordinator.listen).returncode, 0)
        done = self.watch(coordinator, run)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(json.loads(done.stdout)["state"], "cancelled")

    def test_nobody_answers_where_nobody_listens(self):
        coordinator = self.start_coordinator()
        coordinator.kill()
        done = self.troupe("runs", "--connect", coordinator.listen)
        self.assertEqual(done.returncode, 4)
        self.assertIn("troupe up", done.stderr)


if __name__ == "__main__":
    unittest.main()
