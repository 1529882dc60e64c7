"""What nodes log about runs: JSON that can be read, with the ids that lead from a run to its tasks on other nodes."""

import datetime
import json
import re
import unittest

from harness import ProcessTest, wait_until

# Names of coordinators are free.
NAME = 'c"1%n'

WORKFLOW = {
    "workflow": "some-fail",
    "agents": {"picky": {"kind": "lua", "script": "if input > 2 then error('\"too\\nmuch\"') end return input"}},
    "steps": [{"id": "all", "parallel": {"each": [1, 2, 3, 4], "agent": "picky", "input": "$.item"}}],
}


class Logs(ProcessTest):
    def run_some(self, *flags):
        """The run's id, once both nodes have logged all that there is."""
        self.coordinator = self.start_coordinator(NAME, "127.0.0.1:0", "coordinator", *flags)
        self.worker = self.start_worker("w1", self.coordinator, *flags)
        self.wait_for_nodes(self.coordinator, 1)
        done = self.troupe("run", self.write("w.json", WORKFLOW), "--connect", self.coordinator.listen, "--json")
        self.assertEqual(done.returncode, 3, done.stderr)
        wait_until(lambda: "run ended" in self.coordinator.logged(), "the end of the run is logged")
        self.assertEqual(self.worker.stop(), 0)
        return json.loads(done.stdout)["run_id"]

    def lines(self, node):
        return [json.loads(line) for line in node.log.read_text().splitlines()]

    def test_json_lines_name_run_task_and_trace(self):
        run = self.run_some("--log-format", "json", "--log-level", "debug")
        of_coordinator, of_worker = self.lines(self.coordinator), self.lines(self.worker)
        for name, lines in ((NAME, of_coordinator), ("w1", of_worker)):
            for line in lines:
                self.assertEqual(line["node"], name)
                self.assertIn(line["level"], ("debug", "info", "warning"))
                self.assertTrue(datetime.datetime.fromisoformat(line["time"]).tzinfo)
                self.assertIsInstance(line["thread"], int)
                self.assertNotIn("[run=", line["message"])

        about = [x for x in of_coordinator if "run" in x]
        self.assertEqual({x["run"] for x in about}, {run})
        self.assertEqual(len({x["trace_id"] for x in about}), 1)
        trace = about[0]["trace_id"]
        self.assertRegex(trace, "^[0-9a-f]{32}$")
        self.assertEqual(about[0]["message"], "coordinator began workflow some-fail")
        self.assertRegex(about[-1]["message"], "^run ended after [0-9]+ ms: partial")

        begun = [x for x in of_worker if "agent picky begins" in x["message"]]
        failed = [x for x in of_worker if "did not do its task" in x["message"]]
        self.assertEqual((len(begun), len(failed)), (4, 2))
        for line in begun + failed:
            self.assertEqual((line["run"], line["trace_id"], line["attempt"]), (run, trace, 1))
        self.assertEqual(len({x["task"] for x in begun}), 4)
        self.assertLess({x["task"] for x in failed}, {x["task"] for x in begun})
        self.assertTrue(all('"too\nmuch"' in x["message"] for x in failed))

    def test_text_lines_begin_with_what_they_are_about(self):
        run = self.run_some()
        found = re.findall(
            rf"^.* info +\S+: \[run={run} task=\d+ attempt=1 trace_id=([0-9a-f]{{32}})\] agent picky did not do",
            self.worker.log.read_text(),
            re.MULTILINE,
        )
        self.assertEqual(len(found), 2)
        self.assertIn(f"[run={run} trace_id={found[0]}] run ended", self.coordinator.logged())


if __name__ == "__main__":
    unittest.main()
