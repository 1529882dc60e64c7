"""Pure agents run ahead of the journal, and nobody outside can tell: whatever the coordinator dies of, what agents with
effects are asked for follows from what is durable."""

import json
import sys
import unittest

from harness import ROOT, ProcessTest

AGENT = ROOT / "tests" / "process" / "recording_agent.py"
STEPS = 48
# Every so many steps somebody outside is told.
EVERY = 8


class RunAhead(ProcessTest):
    def setUp(self):
        super().setUp()
        self.record = self.folder / "record.jsonl"
        self.record.touch()

    def chain(self):
        steps = [{"id": "s0", "agent": "count", "input": {"n": 0}}]
        for i in range(1, STEPS):
            if i % EVERY == 0:
                steps.append({"id": f"s{i}", "agent": "mail", "input": {"item": f"$.steps.s{i - 1}.n"}})
            else:
                before = f"$.steps.s{i - 1}.item" if (i - 1) % EVERY == 0 and i > 1 else f"$.steps.s{i - 1}.n"
                steps.append({"id": f"s{i}", "agent": "count", "input": {"n": before}})
        return self.write(
            "chain.json",
            {
                "workflow": "chain",
                "agents": {
                    "count": {"kind": "lua", "script": "return {n = input.n + 1}"},
                    "mail": {"kind": "process", "command": [sys.executable, str(AGENT), str(self.record)]},
                },
                "steps": steps,
                "output": f"$.steps.s{STEPS - 1}.n",
            },
        )

    def recorded(self):
        return [json.loads(line) for line in self.record.read_text().splitlines()]

    @staticmethod
    def finished_tasks(details):
        """Numbers, in the order of the journal."""
        return [x["task_finished"]["result"]["task"] for x in details["events"] if "task_finished" in x]

    def run_through(self, deaths):
        """Runs the chain with a coordinator that dies at each of these points; yields the output and what the last one
        shows."""
        coordinator = self.start_coordinator(environment={"TROUPE_FAIL_POINT": deaths[0]} if deaths else None)
        listen = coordinator.listen
        self.start_worker("w1", coordinator)
        run = self.json("submit", self.chain(), "--connect", listen)["run_id"]
        for death in [*deaths[1:], None][: len(deaths)]:
            self.assertEqual(coordinator.popen.wait(60), -9, coordinator.logged())
            coordinator = self.start_coordinator(
                listen=listen, environment={"TROUPE_FAIL_POINT": death} if death else None
            )
        done = self.troupe("watch", run, "--connect", listen, "--json", timeout=90)
        self.assertEqual(done.returncode, 0, done.stderr + coordinator.logged())
        return json.loads(done.stdout)["output"], self.json("show", run, "--connect", listen)

    def assert_whole(self, output, details):
        mails = (STEPS - 1) // EVERY
        counts = STEPS - mails
        self.assertEqual(output, counts)
        # One idempotency key for each mail, and one mail for each key: no number of a task is given out twice.
        by_key, by_item = {}, {}
        for entry in self.recorded():
            by_key.setdefault(entry["idempotency_key"], set()).add(entry["item"])
            by_item.setdefault(entry["item"], set()).add(entry["idempotency_key"])
        self.assertEqual(len(by_item), mails)
        self.assertTrue(all(len(x) == 1 for x in by_key.values()), by_key)
        self.assertTrue(all(len(x) == 1 for x in by_item.values()), by_item)
        finished = self.finished_tasks(details)
        self.assertEqual(len(finished), STEPS)
        self.assertEqual(len(set(finished)), STEPS, "each task has one result")
        # Whoever was told of something was told of what the journal has.
        self.assertTrue(all(int(key.rsplit("/", 1)[1]) in finished for key in by_key), by_key)

    def test_a_chain_is_the_same_when_nobody_dies(self):
        output, details = self.run_through([])
        self.assert_whole(output, details)
        self.assertEqual(self.finished_tasks(details), list(range(STEPS)))

    def test_it_is_the_same_when_results_are_lost_that_had_run_ahead(self):
        output, details = self.run_through(["run.result:5", "run.result:11", "run.result:4", "run.result:17"])
        self.assert_whole(output, details)
        resumed = [x["run_resumed"] for x in details["events"] if "run_resumed" in x]
        self.assertEqual(len(resumed), 4)
        self.assertTrue(all(x["tasks_left_out"] == 256 for x in resumed), resumed)

    def test_it_is_the_same_when_commits_are_the_last_that_was_done(self):
        self.assert_whole(*self.run_through(["store.committed:3", "run.durable:3", "store.committed:4", "run.durable:2"]))


if __name__ == "__main__":
    unittest.main()
