"""Writes that come too late, under each policy; and a person who settles one with `troupe answer`."""

import json
import os
import pty
import re
import unittest

from harness import Process, wait_until
from team_harness import TeamTest, at, lua, puppet, put, team_document

TOO_LATE = (
    "artifact plan is at version {now}, written by first; this write was made from version {then}: "
    "get it again and write what both want"
)


def turns(policy, *operations, agents=None, **keys):
    """Members on both sides, one after the other; what each did becomes the artifact of its role."""
    roles = ["first", "second", "third"][: len(operations)]
    return team_document(
        {"puppet": puppet(), **(agents or {})},
        {
            "on_conflict": policy,
            "agents": [
                {"role": role, "agent": "puppet", "input": {"ops": ops}, "placement": at(side)}
                for role, ops, side in zip(roles, operations, ("left", "right", "left"))
            ],
            **keys,
        },
    )


class TeamConflicts(TeamTest):
    def conflicts(self, output):
        return [x.get("conflict") for x in output["changes"] if x["artifact"] == "plan"]

    def test_each_policy_settles_a_write_that_comes_too_late_as_it_says(self):
        coordinator, _ = self.start_spread()

        with self.subTest("reject"):
            output = self.output_of(coordinator, turns("reject", [put("plan", "one")], [put("plan", "two", expected_version=0)]))
            self.assertEqual(output["artifacts"]["plan"], "one")
            self.assertEqual(output["versions"]["plan"], 1)
            refused = [{"error": TOO_LATE.format(now=1, then=0), "code": "conflict"}]
            self.assertEqual(output["artifacts"]["second"], refused)

        with self.subTest("last_writer"):
            output = self.output_of(
                coordinator, turns("last_writer", [put("plan", "one")], [put("plan", "two", expected_version=0)])
            )
            self.assertEqual(output["artifacts"]["plan"], "two")
            self.assertEqual(output["artifacts"]["second"], [{"value": {"artifact": "plan", "version": 2}}])
            self.assertEqual(self.conflicts(output), [None, "last_writer"])

        with self.subTest("merge"):
            first = [put("plan", {"roof": "red", "door": "red"}), put("plan", {"roof": "blue", "door": "red"})]
            second = [
                put("plan", {"roof": "red", "door": "green"}, expected_version=1),
                put("plan", {"roof": "grey", "door": "red"}, expected_version=1),
            ]
            output = self.output_of(coordinator, turns("merge", first, second))
            self.assertEqual(output["artifacts"]["plan"], {"roof": "blue", "door": "green"})
            self.assertEqual(self.conflicts(output), [None, None, "merge"])
            merged, refused = output["artifacts"]["second"]
            both = {"roof": "blue", "door": "green"}
            self.assertEqual(merged, {"value": {"artifact": "plan", "version": 3, "value": both}})
            self.assertEqual(refused["code"], "conflict")
            self.assertTrue(refused["error"].endswith("both sides changed /roof"), refused["error"])

        with self.subTest("vote"):
            output = self.output_of(
                coordinator,
                turns(
                    "vote",
                    [put("plan", "old"), put("plan", "mine", confidence=0.4)],
                    [put("plan", "theirs", expected_version=1, confidence=0.3)],
                    [put("plan", "theirs", expected_version=1, confidence=0.3)],
                ),
            )
            self.assertEqual(output["artifacts"]["plan"], "theirs", "0.3 and 0.3 are more than 0.4")
            self.assertTrue(output["artifacts"]["second"][0]["error"].endswith("the vote keeps the other"))
            self.assertEqual(output["artifacts"]["third"], [{"value": {"artifact": "plan", "version": 3}}])
            self.assertEqual(self.conflicts(output), [None, None, "vote"])

        with self.subTest("agent"):
            judge = lua(
                "return {of = input.artifact, was = input.base, now = {input.current_author, input.current}, "
                "new = {input.proposed_by, input.proposed}}",
                placement=at("right"),
            )
            output = self.output_of(
                coordinator,
                turns(
                    "agent",
                    [put("plan", "old"), put("plan", "one")],
                    [put("plan", "two", expected_version=1)],
                    agents={"judge": judge},
                    resolver="judge",
                ),
            )
            settled = {"of": "plan", "was": "old", "now": ["first", "one"], "new": ["second", "two"]}
            self.assertEqual(output["artifacts"]["plan"], settled)
            self.assertEqual(self.conflicts(output), [None, None, "agent"])

    def test_a_person_settles_a_conflict(self):
        coordinator, _ = self.start_spread()
        rivals = [put(plan, "two", expected_version=0) for plan in ("kept", "taken", "third")]
        run = self.submit(
            coordinator,
            turns("human", [put(plan, "one") for plan in ("kept", "taken", "third")], rivals, decision_timeout="1h"),
        )

        def answer(*words):
            return self.troupe("answer", run, *words, "--connect", coordinator.listen, "--who", "Ada")

        def wait_for(question, artifact):
            text = f"second leaves open ({question}): artifact {artifact}: current or proposed?"
            shown = lambda: text in self.troupe("show", run, "--connect", coordinator.listen).stdout
            wait_until(shown, f"{question} is asked")

        wait_for("q-1", "kept")
        self.assert_refused(answer("q-7", "current"), "no team of run", '"q-7"')
        self.assert_refused(answer("q-1", "perhaps"), "the answer must be current, proposed, or")
        self.assert_refused(answer("q-1", '{"values": 1}'), "an answer is", '{"values":1}')
        for question, artifact, words in (("q-1", "kept", "current"), ("q-2", "taken", "proposed"), ("q-3", "third", '{"value": "both"}')):
            wait_for(question, artifact)
            done = answer(question, words)
            self.assertEqual(done.returncode, 0, done.stderr)
        output = self.watch(coordinator, run)["output"]
        self.assertEqual({x: output["artifacts"][x] for x in ("kept", "taken", "third")}, {"kept": "one", "taken": "two", "third": "both"})
        self.assertEqual(output["open_questions"], [])
        refused, *written = output["artifacts"]["second"]
        self.assertEqual(refused, {"error": "artifact kept stays at version 1: Ada kept the current one", "code": "conflict"})
        self.assertEqual([x["value"]["version"] for x in written], [2, 2])
        self.assert_refused(answer("q-1", "current"), "no run", "is under way here")
        answers = [x["question_answered"] for x in self.show(coordinator, run)["events"] if "question_answered" in x]
        self.assertEqual([(x["question"], x["who"]) for x in answers], [("q-1", "Ada"), ("q-2", "Ada"), ("q-3", "Ada")])

    def test_a_run_that_is_driven_here_says_where_it_can_be_answered(self):
        document = turns("human", [put("plan", "one")], [put("plan", "two", expected_version=0)], decision_timeout="1h")
        for member in document["steps"][0]["team"]["agents"]:
            del member["placement"]
        path = self.write("asking.json", document)
        with self.subTest("in a pipe"):
            run = self.start("run", path, "--json")
            self.answer_what_is_told(run, run.logged)
        with self.subTest("on a terminal, where bars are drawn"):
            ours, theirs = pty.openpty()
            self.addCleanup(os.close, ours)
            run = Process(["run", path, "--json"], f"/proc/self/fd/{theirs}")
            self.addCleanup(run.close)
            os.close(theirs)
            os.set_blocking(ours, False)
            shown = bytearray()

            def look():
                try:
                    shown.extend(os.read(ours, 65536))
                except BlockingIOError:
                    pass
                return shown.decode(errors="replace")

            self.answer_what_is_told(run, look)

    def answer_what_is_told(self, run, look):
        told = re.compile(r"\(troupe answer (\S+) (q-1) current.*--connect ([0-9.:]+)\r?\n", re.DOTALL)
        found = []
        wait_until(lambda: found.extend(told.findall(look())) or found, "the question is told")
        name, question, address = found[0]
        done = self.troupe("answer", name, question, "proposed", "--connect", address)
        self.assertEqual(done.returncode, 0, done.stderr)
        output, _ = run.popen.communicate(timeout=60)
        self.assertEqual(json.loads(output)["output"]["artifacts"]["plan"], "two")

    def test_a_person_who_does_not_answer_is_not_waited_for(self):
        coordinator = self.start_alone()
        document = turns("human", [put("plan", "one")], [put("plan", "two", expected_version=0)], decision_timeout="100ms")
        output = self.output_of(coordinator, document)
        self.assertEqual(output["artifacts"]["plan"], "one")
        refused = {"error": "artifact plan stays at version 1: nobody has settled it in time", "code": "conflict"}
        self.assertEqual(output["artifacts"]["second"], [refused])


if __name__ == "__main__":
    unittest.main()
