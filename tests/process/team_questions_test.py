"""Questions between members on different nodes that are not simply answered: a teammate that dies or fails at each, one
that takes too long, one that is busy; and notices, for which nobody waits."""

import errno
import json
import os
import sys
import unittest

from harness import ROOT, SLOWDOWN, is_running, wait_until
from team_harness import TeamTest, ask, at, lua, puppet, team_document

MEMBER = ROOT / "tests" / "process" / "scripted_member.py"
INBOX = {"op": "inbox"}


def fails(code):
    """Input of a member that fails so at every question."""
    return {"answer": [{"error": {"code": code, "message": "told so"}}]}


class TeamQuestions(TeamTest):
    def setUp(self):
        super().setUp()
        self.ledger = self.folder / "ledger.jsonl"
        self.ledger.touch()
        self.gate = self.folder / "gate"
        os.mkfifo(self.gate)

    def scripted(self, role, **keys):
        """An agent of its own for a role: none waits for the process of another."""
        command = [sys.executable, str(MEMBER), str(self.ledger), str(self.gate)]
        return {"kind": "process", "command": command, "env": {"ROLE": role}, **keys}

    def notes(self, what, role):
        lines = (json.loads(x) for x in self.ledger.read_text().splitlines(keepends=True) if x.endswith("\n"))
        return [x for x in lines if (x["what"], x["role"]) == (what, role)]

    def open_gate(self):
        """Lets whoever waits there pass, once there is somebody."""

        def opened():
            try:
                os.close(os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK))
                return True
            except OSError as why:
                if why.errno != errno.ENXIO:
                    raise

        wait_until(opened, "somebody waits at the gate", timeout=60)

    def asked_in_turn(self, targets, agents, **keys):
        """The asker, on the left, asks each of the targets, on the right. {target: (keys of its member, its input)}"""
        questions = [ask(role) for role in targets]
        members = [{"role": "asker", "agent": "puppet", "input": {"ops": questions}, "placement": at("left")}]
        for role, (more, given) in targets.items():
            members.append({"role": role, "agent": role, "input": given, "placement": at("right"), **more})
        phases = [{"phase": "asks", "roles": ["asker"]}]
        # Nothing here is to be rescued by a time limit.
        team = {"agents": members, "phases": phases, "request_timeout": "1h", **keys}
        return team_document({"puppet": puppet(), **agents}, team)

    def test_a_teammate_that_dies_at_every_question_is_unavailable_and_the_asker_goes_on(self):
        coordinator, _ = self.start_spread()
        tries = {"retry": {"maximum_attempts": 2, "initial_interval": "10ms"}}
        document = self.asked_in_turn({"mortal": (tries, {"answer": ["exit"]})}, {"mortal": self.scripted("mortal")})
        asker = document["steps"][0]["team"]["agents"][0]
        asker["input"]["ops"] = [ask("mortal"), {"op": "put", "artifact": "after", "value": "went on"}, ask("mortal")]
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        first, wrote, second = outcome["output"]["artifacts"]["asks"]
        why = "mortal could not answer: agent crashed: the process ended with status 7"
        self.assertEqual(first, {"error": why, "code": "unavailable"})
        self.assertEqual(second, first)
        self.assertEqual(wrote, {"value": {"artifact": "after", "version": 1}})
        self.assertEqual(outcome["output"]["artifacts"]["after"], "went on")
        self.assertIn(f'mortal → asker cannot answer: {{"error":"{why}"}}', outcome.said)
        # Each question was tried as often as `retry` says, by processes of their own, under one key.
        died = self.notes("answer", "mortal")
        self.assertEqual([len(died), len({x["pid"] for x in died}), len({x["key"] for x in died})], [4, 4, 2])
        self.assertEqual(self.nodes_of(coordinator, outcome["run_id"]), {"left", "right"})

    def test_a_teammate_that_fails_is_heard_with_its_own_code_unless_it_is_not_there(self):
        coordinator, _ = self.start_spread()
        targets = {
            "failing": ({}, fails("agent_failed")),
            "strange": ({}, fails("no_such_code")),
            "picky": ({}, fails("invalid_input")),
            "full": ({}, fails("resource_exhausted")),
            "away": ({}, fails("unavailable")),
            "unborn": ({}, {}),
            "wordy": ({}, {"answer": [{"output": "a text"}]}),
            "slow": ({"timeout": "500ms"}, {"answer": ["gate"]}),
        }
        agents = {role: self.scripted(role) for role in targets}
        agents["unborn"] = {"kind": "process", "command": [str(self.folder / "no-such-program")]}
        agents["wordy"]["output"] = {"type": "object"}
        outcome = self.run_on(coordinator, self.asked_in_turn(targets, agents))
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        said = dict(zip(targets, outcome["output"]["artifacts"]["asks"]))
        codes = {role: x.get("code") for role, x in said.items()}
        self.assertEqual(
            codes,
            {
                "failing": "agent_failed",
                "strange": "agent_failed",
                "picky": "invalid_input",
                "full": "unavailable",
                "away": "unavailable",
                "unborn": "unavailable",
                "wordy": "invalid_output",
                "slow": "timed_out",
            },
        )
        self.assertEqual(said["failing"]["error"], "failing could not answer: told so")
        self.assertIn("unborn could not answer: the process cannot be started", said["unborn"]["error"])

    def test_what_on_error_makes_of_a_failure_is_an_answer(self):
        coordinator, _ = self.start_spread()
        targets = {
            "excused": ({"on_error": "continue"}, fails("agent_failed")),
            "replaced": ({"on_error": {"output": "nobody knows"}}, {"answer": ["exit"]}),
        }
        outcome = self.run_on(coordinator, self.asked_in_turn(targets, {role: self.scripted(role) for role in targets}))
        self.assertEqual(outcome["state"], "partial", outcome.said)
        excused, replaced = outcome["output"]["artifacts"]["asks"]
        self.assertEqual(excused["value"]["content"], None)
        self.assertEqual(replaced["value"]["content"], "nobody knows")

    def test_a_question_that_times_out_is_refused_and_the_answer_under_way_is_stopped(self):
        coordinator, _ = self.start_spread()
        # Two seconds, for a process that is up already; it would wait for ever.
        impatient = ask("slow", timeout_seconds=2 * SLOWDOWN)
        document = team_document(
            {"puppet": puppet(), "slow": self.scripted("slow")},
            {
                "agents": [
                    {"role": "asker", "agent": "puppet", "input": {"ops": [impatient]}, "placement": at("left")},
                    {"role": "slow", "input": {"answer": ["gate"]}, "placement": at("right"), "writes": False},
                ],
                "phases": [
                    {"phase": "starts", "roles": ["slow"]},
                    {"phase": "asks", "roles": ["asker"]},
                    {"phase": "works", "roles": ["slow"]},
                ],
            },
        )
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        seconds = f"{2 * SLOWDOWN:.1f}"
        refused = {"error": f"slow did not answer within {seconds} s", "code": "timed_out"}
        self.assertEqual(outcome["output"]["artifacts"]["asks"], [refused])
        # Nobody has opened the gate: who waited there was ended, and its next turn had a process of its own.
        (stopped,) = self.notes("gate", "slow")
        wait_until(lambda: not is_running(stopped["pid"]), "the answer is stopped")
        before, after = self.notes("turn", "slow")
        self.assertEqual(before["pid"], stopped["pid"])
        self.assertNotEqual(after["pid"], stopped["pid"])
        self.assertEqual([x["type"] for x in outcome["output"]["communication_log"]], ["request"])
        self.assertEqual(self.nodes_of(coordinator, outcome["run_id"]), {"left", "right"})

    def test_a_busy_member_answers_from_its_inbox(self):
        coordinator, _ = self.start_spread()
        question = ask("busy", "how many?")
        reply = {"op": "answer", "request": "$inbox", "content": {"trees": 3}}
        # Were the question a task of its own, that would die.
        at_work = {"turn": ["gate", INBOX, reply, reply], "answer": ["exit"]}
        document = team_document(
            {"puppet": puppet(), "busy": self.scripted("busy")},
            {
                "turns": "free",
                "max_iterations": 1,
                "request_timeout": "1h",
                "agents": [
                    {"role": "asker", "agent": "puppet", "input": {"ops": [question]}, "placement": at("left")},
                    {"role": "busy", "input": at_work, "placement": at("right")},
                ],
            },
        )
        run = self.submit(coordinator, document)

        def is_asked():
            done = self.troupe("workspace", run, "--json", "--connect", coordinator.listen)
            return done.returncode == 0 and json.loads(done.stdout)["document"]["communication_log"]

        wait_until(is_asked, "the question is in the workspace", timeout=60)
        wait_until(lambda: self.notes("gate", "busy"), "it is busy", timeout=60)
        self.open_gate()
        outcome = self.watch(coordinator, run)
        self.assertEqual(outcome["state"], "succeeded", outcome)
        artifacts = outcome["output"]["artifacts"]
        answered = {"from": "busy", "request": "msg-1", "content": {"trees": 3}}
        self.assertEqual(artifacts["asker"], [{"value": answered}])
        inbox, done, again = artifacts["busy"]
        (waiting,) = inbox["value"]
        self.assertEqual((waiting["from"], waiting["type"], waiting["content"]), ("asker", "request", "how many?"))
        self.assertEqual(done, {"value": None})
        self.assertEqual(again, {"error": 'no question "msg-1" waits for busy', "code": "not_found"})
        self.assertEqual(self.notes("answer", "busy"), [])

    def test_a_notice_is_delivered_once_in_the_next_turn_of_the_other(self):
        coordinator, _ = self.start_spread()
        tells = [
            {"op": "notify", "to": "second", "content": {"about": "trees"}, "priority": "high"},
            {"op": "notify", "content": "to all"},
        ]
        document = team_document(
            {"puppet": puppet(), "reader": lua("return turn.inbox", replicas=2)},
            {
                "agents": [
                    {"role": "first", "agent": "puppet", "input": {"ops": tells}, "placement": at("left")},
                    {"role": "second", "agent": "reader", "placement": at("right")},
                    {"role": "third", "agent": "reader", "placement": at("left")},
                ],
                "phases": [
                    {"phase": "tells", "roles": ["first"]},
                    {"phase": "hears", "roles": ["second"]},
                    {"phase": "hears-too", "roles": ["third"]},
                    {"phase": "hears-no-more", "roles": ["second"]},
                ],
            },
        )
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        artifacts = outcome["output"]["artifacts"]
        self.assertEqual([x["value"]["messages"] for x in artifacts["tells"]], [["msg-1"], ["msg-2", "msg-3"]])
        shown = ("id", "from", "to", "content", "priority", "requires_response")
        heard = {phase: [tuple(x[key] for key in shown) for x in artifacts[phase]] for phase in artifacts if phase != "tells"}
        self.assertEqual(
            heard,
            {
                "hears": [
                    ("msg-1", "first", "second", {"about": "trees"}, "high", False),
                    ("msg-2", "first", "second", "to all", "normal", False),
                ],
                "hears-too": [("msg-3", "first", "third", "to all", "normal", False)],
                "hears-no-more": [],
            },
        )
        self.assertIn('first → second tells: {"about":"trees"}', outcome.said)
        self.assertEqual(self.nodes_of(coordinator, outcome["run_id"]), {"left", "right"})


if __name__ == "__main__":
    unittest.main()
