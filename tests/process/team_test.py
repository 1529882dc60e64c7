"""Teams across processes: the same workspace on one node and on three, and what becomes of a turn when processes die."""

import json
import pathlib
import sys
import unittest

from harness import ROOT, ProcessTest, wait_until

AGENT = ROOT / "tests" / "process" / "team_agent.py"
TEXTS = pathlib.Path("/usr/share/common-licenses")


class Team(ProcessTest):
    def setUp(self):
        super().setUp()
        self.record = self.folder / "record.jsonl"
        self.release = self.folder / "release"
        self.record.touch()

    def flow(self):
        """Writer and researcher on nodes of their own kind: the writer's turn asks the researcher."""
        command = [sys.executable, str(AGENT), str(self.record), str(self.release)]
        return self.write(
            "team.json",
            {
                "workflow": "team",
                # Of different definitions: who waits keeps its process, and another one is to answer.
                "agents": {
                    role: {"kind": "process", "command": command, "env": {"ROLE": role}}
                    for role in ("writer", "researcher")
                },
                "steps": [
                    {
                        "id": "write",
                        "team": {
                            "goal": "a number",
                            "agents": [
                                {"role": "writer", "writes": False, "interacts_with": ["researcher"]},
                                {"role": "researcher", "writes": "notes"},
                            ],
                        },
                    }
                ],
                "output": "$.steps.write",
            },
        )

    def notes(self, what):
        lines = self.record.read_text().splitlines(keepends=True)
        return [x for x in (json.loads(line) for line in lines if line.endswith("\n")) if x["what"] == what]

    def show(self, coordinator, run):
        return self.json("show", run, "--connect", coordinator.listen)

    def watch(self, coordinator, run, timeout=90):
        return self.troupe("watch", run, "--connect", coordinator.listen, "--json", timeout=timeout)

    def assert_written_once(self, outcome):
        self.assertEqual(outcome["state"], "succeeded", outcome)
        output = outcome["output"]
        self.assertEqual(output["artifacts"], {"draft": "42 of them", "notes": "researcher was here"})
        self.assertEqual(output["versions"], {"draft": 2, "notes": 1})
        kinds = [x["type"] for x in output["communication_log"]]
        self.assertEqual(kinds, ["request", "response"], "asked and answered once")

    def submit(self, coordinator):
        run = self.json("submit", self.flow(), "--connect", coordinator.listen)["run_id"]
        wait_until(lambda: self.notes("answers"), "the researcher is asked", timeout=60)
        return run

    def test_a_member_asks_one_on_another_node(self):
        self.release.touch()
        coordinator, _ = self.start_cluster(workers=2)
        done = self.troupe("run", self.flow(), "--connect", coordinator.listen, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_written_once(json.loads(done.stdout))

    def test_show_prints_the_conversation(self):
        self.release.touch()
        coordinator = self.start_coordinator(role="coordinator,worker")
        done = self.troupe("run", self.flow(), "--connect", coordinator.listen, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("writer → researcher asks", done.stderr)
        text = self.troupe("show", json.loads(done.stdout)["run_id"], "--connect", coordinator.listen).stdout
        for line in ["writer → researcher asks", "researcher → writer answers: 42", "writer writes draft version 2"]:
            self.assertIn(line, text)

    def killed_member(self, what):
        coordinator, nodes = self.start_cluster(workers=2)
        run = self.submit(coordinator)
        pid = self.notes(what)[0]["pid"]
        # The node of that agent is its parent process.
        parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        before = len(self.notes(what))
        victims = [x for x in nodes if x.pid == parent]
        self.assertEqual(len(victims), 1, "the agent runs on one of the workers")
        victims[0].kill()
        wait_until(lambda: len(self.notes(what)) > before, "its successor begins", timeout=60)
        self.release.touch()
        done = self.watch(coordinator, run)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_written_once(json.loads(done.stdout))

    def test_a_turn_survives_the_death_of_its_member(self):
        self.killed_member("writes")

    def test_a_question_survives_the_death_of_who_is_to_answer(self):
        self.killed_member("answers")

    def test_a_turn_survives_the_death_of_the_coordinator(self):
        coordinator, _ = self.start_cluster(workers=2)
        run = self.submit(coordinator)
        listen = coordinator.listen
        coordinator.kill()
        self.release.touch()
        again = self.start_coordinator(listen=listen)
        done = self.watch(again, run)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_written_once(json.loads(done.stdout))
        events = self.show(again, run)["events"]
        self.assertTrue(any("run_resumed" in x for x in events))

    def same_everywhere(self, example, pick):
        if not TEXTS.is_dir():
            self.skipTest(f"no texts in {TEXTS}")
        file = ROOT / "examples" / example
        alone = self.troupe("run", file, "--json", timeout=120)
        self.assertEqual(alone.returncode, 0, alone.stderr)
        coordinator, _ = self.start_cluster(workers=2)
        spread = self.troupe("run", file, "--connect", coordinator.listen, "--json", timeout=120)
        self.assertEqual(spread.returncode, 0, spread.stderr)
        one, three = (json.loads(x.stdout)["output"] for x in (alone, spread))
        self.assertEqual(one, three)
        pick(one)

    def test_the_content_pipeline_sends_back_and_ends_the_same_on_one_node_and_on_three(self):
        def pick(output):
            self.assertEqual(output["ended"], "approved")
            self.assertGreater(output["iterations"], 1, "the first draft is too long")
            self.assertIn("## Sources", output["article"])

        self.same_everywhere("content-pipeline.yaml", pick)

    def test_the_research_assistant_reports_with_sources_on_one_node_and_on_three(self):
        def pick(output):
            self.assertIn("## Fact check", output["markdown"])
            self.assertIn("## Sources", output["markdown"])
            self.assertGreater(output["confirmed"], 0)

        self.same_everywhere("research-assistant.yaml", pick)


if __name__ == "__main__":
    unittest.main()
