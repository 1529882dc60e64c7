"""`troupe run` in one process: output, exit codes, the journal it leaves."""

import json
import signal
import sys
import unittest

from harness import ROOT, ProcessTest, wait_until

AGENT = ROOT / "tests" / "process" / "recording_agent.py"

DOUBLE = {
    "workflow": "double",
    "input": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
    "agents": {
        "double": {"kind": "lua", "script": "return input.n * 2"},
        "broken": {"kind": "lua", "script": "error('no luck') return 1"},
    },
    "steps": [{"id": "one", "agent": "double", "input": {"n": "$.input.n"}}],
    "output": {"twice": "$.steps.one"},
}


def with_steps(*steps, **more):
    out = {**DOUBLE, "steps": list(steps), **more}
    out.pop("output", None)
    return out


class Run(ProcessTest):
    def setUp(self):
        super().setUp()
        self.record = self.folder / "record.jsonl"
        self.record.touch()

    def run_flow(self, document, *arguments, **options):
        return self.troupe("run", self.write("flow.json", document), *arguments, **options)

    def held(self, items):
        """A workflow whose first task answers at once and whose others wait for the file `release`."""
        agent = {"kind": "process", "command": [sys.executable, str(AGENT), str(self.record)], "replicas": 1}
        steps = [{"id": "first", "agent": "recorder", "input": {"item": "first"}}]
        for item in items:
            given = {"item": item, "release": str(self.folder / "release")}
            steps.append({"id": item, "agent": "recorder", "input": given, "needs": ["first"]})
        return {"workflow": "held", "agents": {"recorder": agent}, "steps": steps}

    def begun(self):
        return [json.loads(line)["item"] for line in self.record.read_text().splitlines()]

    def test_prints_the_output_and_nothing_else(self):
        done = self.run_flow(DOUBLE, "--input", '{"n": 21}')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), {"twice": 42})
        self.assertIn("done in", done.stderr)

    def test_prints_text_as_it_is(self):
        flow = {**DOUBLE, "agents": {"double": {"kind": "lua", "script": "return 'two lines\\n'..'of text'"}}, "output": "$.steps.one"}
        done = self.run_flow(flow, "--input", '{"n": 1}', "--quiet")
        self.assertEqual(done.stdout, "two lines\nof text\n")
        self.assertEqual(done.stderr, "")

    def test_prints_one_part_of_the_output(self):
        data = self.folder / "data"
        flow = {"workflow": "w", "agents": {"a": {"kind": "lua", "script": "return {n = 2, text = 'two\\nlines'}"}},
                "steps": [{"id": "x", "agent": "a"}], "output": "$.steps.x"}
        self.assertEqual(self.run_flow(flow, "--select", "$.text", "--data", data).stdout, "two\nlines\n")
        run = self.json("runs", "--data", data)["runs"][0]["run_id"]
        self.assertEqual(self.troupe("show", run, "--data", data, "--select", "$.n").stdout, "2\n")
        self.assertEqual(json.loads(self.troupe("show", run, "--data", data, "--output").stdout)["n"], 2)
        self.assert_refused(self.troupe("show", run, "--data", data, "--select", "$.none"), "none")
        self.assert_refused(self.run_flow(flow, "--select", "n.text"), "column 1")

    def test_prints_all_about_the_run_as_json(self):
        done = self.run_flow(DOUBLE, "--input", '{"n": 1}', "--json")
        result = json.loads(done.stdout)
        self.assertEqual((result["state"], result["output"], result["error"]), ("succeeded", {"twice": 2}, None))
        self.assertEqual(result["workflow"], "double")

    def test_takes_the_input_from_a_file_and_from_standard_input(self):
        given = self.write("input.json", '{"n": 4}')
        self.assertEqual(json.loads(self.run_flow(DOUBLE, "--input", f"@{given}").stdout), {"twice": 8})
        self.assertEqual(json.loads(self.run_flow(DOUBLE, "--input", "-", stdin='{"n": 5}').stdout), {"twice": 10})

    def test_refuses_an_input_that_the_workflow_does_not_take(self):
        self.assert_refused(self.run_flow(DOUBLE, "--input", '{"n": "many"}'), "n")
        self.assert_refused(self.run_flow(DOUBLE), "n")
        self.assert_refused(self.run_flow(DOUBLE, "--input", "{"), "--input")
        self.assert_refused(self.run_flow(DOUBLE, "--input", "@/none.json"), "/none.json")

    def test_refuses_a_bad_document(self):
        self.assert_refused(self.run_flow({**DOUBLE, "stesp": []}), "stesp", 'did you mean "steps"')

    def test_a_run_that_fails_says_why(self):
        done = self.run_flow(with_steps({"id": "one", "agent": "broken", "input": {"n": 1}}), "--input", '{"n": 1}')
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(done.stdout, "")
        self.assertIn("no luck", done.stderr)

    def test_a_partial_result_is_success_only_where_it_is_allowed(self):
        branches = [{"id": "good", "agent": "double", "input": {"n": 1}}, {"id": "bad", "agent": "broken", "input": {"n": 1}}]
        flow = with_steps({"id": "both", "parallel": {"branches": branches}})
        done = self.run_flow(flow, "--input", '{"n": 1}')
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("--allow-partial", done.stderr)
        metadata = json.loads(done.stdout)["both"]["metadata"]
        self.assertEqual([x["agent"] for x in metadata["failed_agents"]], ["bad"])
        self.assertEqual(self.run_flow(flow, "--input", '{"n": 1}', "--allow-partial").returncode, 0)

    def test_ctrl_c_cancels_the_run(self):
        data = self.folder / "data"
        process = self.start("run", self.write("flow.json", self.held(["a"])), "--data", data)
        wait_until(lambda: self.begun() == ["first", "a"], "the second task has begun")
        process.signal(signal.SIGINT)
        self.assertEqual(process.popen.wait(20), 130, process.logged())
        runs = self.json("runs", "--data", data)["runs"]
        self.assertEqual([x["state"] for x in runs], ["cancelled"])

    def test_leaves_a_journal_that_other_commands_read(self):
        data = self.folder / "data"
        run = json.loads(self.run_flow(DOUBLE, "--input", '{"n": 2}', "--data", data, "--json").stdout)["run_id"]
        self.assertEqual([x["run_id"] for x in self.json("runs", "--data", data)["runs"]], [run])
        self.assertIn("task_finished", self.troupe("show", run, "--events", "--data", data).stdout)
        self.assertEqual(self.troupe("report", run, "--data", data).returncode, 0)
        self.assert_refused(self.troupe("show", "no-such-run", "--data", data), "no-such-run")

    def test_a_run_whose_process_was_killed_is_resumed(self):
        data = self.folder / "data"
        process = self.start("run", self.write("flow.json", self.held(["a", "b"])), "--data", data)
        wait_until(lambda: len(self.begun()) >= 2, "the second task has begun")
        process.kill()
        unfinished = self.json("runs", "--unfinished", "--data", data)["runs"]
        self.assertEqual(len(unfinished), 1)
        (self.folder / "release").touch()
        done = self.troupe("resume", "--data", data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(set(json.loads(done.stdout)), {"first", "a", "b"})
        self.assertEqual(self.begun().count("first"), 1)

    def test_a_run_is_not_taken_from_the_process_that_works_on_it(self):
        data = self.folder / "data"
        process = self.start("run", self.write("flow.json", self.held(["a"])), "--data", data)
        wait_until(lambda: self.begun() == ["first", "a"], "the second task has begun")
        done = self.troupe("resume", "--data", data, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("worked on by another process", done.stderr)
        (self.folder / "release").touch()
        self.assertEqual(process.popen.wait(20), 0, process.logged())
        self.assertEqual(self.begun().count("a"), 1)


if __name__ == "__main__":
    unittest.main()
