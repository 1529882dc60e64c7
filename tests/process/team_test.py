"""Teams across processes: a member asks one on another node, and what becomes of turns and questions when processes
die. The workspace is the same as without the death, and a ledger outside of troupe says what was done."""

import json
import os
import pathlib
import signal
import sys
import unittest

from harness import ROOT, wait_until
from team_harness import TeamTest, at, lua, team_document, without_times

AGENT = ROOT / "tests" / "process" / "team_agent.py"

# What the ledger has of a run in which nothing dies, in order.
QUIET = ["writes", "answers", "knows", "closes"]


class Team(TeamTest):
    def setUp(self):
        super().setUp()
        self.ledger = self.folder / "ledger.jsonl"
        self.release = self.folder / "release"
        self.ledger.touch()

    def flow(self, **members):
        """The writer's turn asks the researcher; then it is the researcher's turn. `members`: more keys, by role."""
        command = [sys.executable, str(AGENT), str(self.ledger), str(self.release)]
        return team_document(
            # Of different definitions: who waits keeps its process, and another one is to answer.
            {role: {"kind": "process", "command": command, "env": {"ROLE": role}} for role in ("writer", "researcher")},
            {
                "agents": [
                    {"role": "writer", "writes": False, "interacts_with": ["researcher"], **members.get("writer", {})},
                    {"role": "researcher", "writes": "notes", **members.get("researcher", {})},
                ]
            },
        )

    def notes(self, what=None):
        lines = self.ledger.read_text().splitlines(keepends=True)
        return [x for x in (json.loads(line) for line in lines if line.endswith("\n")) if what in (None, x["what"])]

    def begin(self, coordinator, **members):
        run = self.submit(coordinator, self.flow(**members))
        wait_until(lambda: self.notes("answers"), "the researcher is asked", timeout=60)
        return run

    def assert_as_without_a_death(self, coordinator, outcome):
        """Against a run of the same document on the same nodes in which nothing dies."""
        self.assertEqual(outcome["state"], "succeeded", outcome)
        ledger = self.notes()
        self.ledger.write_text("")
        quiet = self.output_of(coordinator, self.flow())
        self.assertEqual(quiet["versions"], {"draft": 2, "notes": 1})
        self.assertEqual([x["type"] for x in quiet["communication_log"]], ["request", "response"])
        self.assertEqual(without_times(outcome["output"]), without_times(quiet))
        self.assertEqual([x["what"] for x in self.notes()], QUIET)
        # What had to be begun again was begun under the same key: whoever honours that does nothing twice.
        keys = {what: {x["key"] for x in ledger if x["what"] == what} for what in QUIET}
        self.assertEqual([len(keys[what]) for what in QUIET], [1, 1, 1, 1], ledger)
        self.assertEqual(keys["writes"], keys["knows"])
        self.assertEqual(len(keys["writes"] | keys["answers"] | keys["closes"]), 3)

    def test_a_member_asks_one_on_another_node(self):
        self.release.touch()
        coordinator, _ = self.start_spread()
        document = self.flow(writer={"placement": at("left")}, researcher={"placement": at("right")})
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        self.assertEqual(outcome["output"]["artifacts"], {"draft": "42 of them", "notes": "researcher was here"})
        self.assertEqual([x["what"] for x in self.notes()], QUIET)
        self.assertEqual(self.nodes_of(coordinator, outcome["run_id"]), {"left", "right"})

    def test_show_prints_the_conversation(self):
        self.release.touch()
        coordinator = self.start_alone()
        outcome = self.run_on(coordinator, self.flow())
        self.assertIn("writer → researcher asks", outcome.said)
        text = self.troupe("show", outcome["run_id"], "--connect", coordinator.listen).stdout
        for line in ["writer → researcher asks", "researcher → writer answers: 42", "writer writes draft version 2"]:
            self.assertIn(line, text)

    def killed_member(self, what):
        coordinator, nodes = self.start_spread()
        run = self.begin(coordinator)
        pid = self.notes(what)[0]["pid"]
        # The node of that agent is its parent process.
        parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        before = len(self.notes(what))
        victims = [x for x in nodes if x.pid == parent]
        self.assertEqual(len(victims), 1, "the agent runs on one of the workers")
        victims[0].kill()
        wait_until(lambda: len(self.notes(what)) > before, "its successor begins", timeout=60)
        self.release.touch()
        self.assert_as_without_a_death(coordinator, self.watch(coordinator, run))

    def test_a_turn_survives_the_death_of_its_program(self):
        coordinator = self.start_alone()
        run = self.begin(coordinator, writer={"retry": {"maximum_attempts": 2, "initial_interval": "10ms"}})
        os.kill(self.notes("writes")[0]["pid"], signal.SIGKILL)
        wait_until(lambda: len(self.notes("writes")) > 1, "its successor begins", timeout=60)
        self.release.touch()
        self.assert_as_without_a_death(coordinator, self.watch(coordinator, run))

    def test_a_turn_survives_the_death_of_its_member(self):
        self.killed_member("writes")

    def test_a_question_survives_the_death_of_who_is_to_answer(self):
        self.killed_member("answers")

    def test_a_turn_survives_the_death_of_the_coordinator(self):
        coordinator, _ = self.start_spread()
        run = self.begin(coordinator)
        coordinator.kill()
        self.release.touch()
        again = self.start_coordinator(listen=coordinator.listen)
        outcome = self.watch(again, run)
        events = self.show(again, run)["events"]
        self.assertTrue(any("run_resumed" in x for x in events))
        self.assert_as_without_a_death(again, outcome)

    def test_a_team_survives_a_coordinator_that_dies_after_everything_it_has_stored(self):
        """Each life resumes the run, gets one step further than the one before, stores that, and dies before anybody hears
        of it."""
        document = team_document(
            {
                "author": lua(
                    """
                    team{op = "put", artifact = "list", value = array{turn.iteration}}
                    local answer = team{op = "ask", to = "finder", content = "how many?"}
                    team{op = "decide", decision = answer.content}
                    return "settled"
                    """
                ),
                "finder": lua("return turn.kind == 'answer' and 42 or 'found'"),
            },
            {"agents": [{"role": "author", "placement": at("left")}, {"role": "finder", "placement": at("right")}]},
        )
        coordinator, _ = self.start_spread()
        run = self.submit(coordinator, document)
        quiet = self.watch(coordinator, run)["output"]
        coordinator.kill()
        listen = coordinator.listen
        run = None
        for lives in range(1, 20):
            coordinator = self.start_coordinator(listen=listen, environment={"TROUPE_FAIL_POINT": f"run.durable:{lives}"})
            run = run or self.submit(coordinator, document)
            watcher = self.start("watch", run, "--connect", listen, "--json")
            # Where it dies first, the watcher ends too, soon.
            died = lambda: coordinator.popen.poll() not in (None, 0)
            wait_until(lambda: died() or watcher.popen.poll() == 0, "it dies, or the run ends")
            if not died():
                break
            watcher.kill()
        self.assertGreaterEqual(lives, 6)
        outcome = json.loads(watcher.popen.stdout.read())
        self.assertEqual(outcome["state"], "succeeded", watcher.logged())
        self.assertEqual(without_times(outcome["output"]), without_times(quiet))


if __name__ == "__main__":
    unittest.main()
