"""What members may not do is refused at once, with an error that says what they may: circles of questions, writes out of
turn, messages to those whom they may not address."""

import unittest

from team_harness import TeamTest, ask, at, puppet, put, team_document


def one_acts(first, others, **keys):
    """A team in which `first` has the only turn; the others answer questions, doing what the document says first."""
    members = {"first": first, **others}
    sides = ("left", "right", "left")
    return team_document(
        {"puppet": puppet()},
        {
            "agents": [
                {"role": role, "agent": "puppet", "input": {"ops": ops}, "placement": at(side)}
                for (role, ops), side in zip(members.items(), sides)
            ],
            "phases": [{"phase": "only", "roles": ["first"]}],
            # Whoever waits for a time limit here waits longer than the test does.
            "request_timeout": "1h",
            **keys,
        },
    )


class TeamRefusals(TeamTest):
    def assert_nothing_ran_out_of_time(self, coordinator, run):
        events = self.show(coordinator, run)["events"]
        self.assertEqual([x for x in events if "timer_fired" in x], [])

    def errors_in(self, value):
        if isinstance(value, list):
            return [e for x in value for e in self.errors_in(x)]
        if isinstance(value, dict):
            own = [value] if "code" in value else []
            return own + [e for x in value.values() for e in self.errors_in(x)]
        return []

    def test_a_circle_of_questions_is_found_when_it_closes(self):
        coordinator, _ = self.start_spread()
        outcome = self.run_on(coordinator, one_acts([ask("second")], {"second": [ask("third")], "third": [ask("first")]}))
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        errors = self.errors_in(outcome["output"]["artifacts"]["only"])
        self.assertEqual([x["code"] for x in errors], ["deadlock"])
        self.assertIn("third → first → second → third", errors[0]["error"])
        self.assertIn("go on without the answer, or notify", errors[0]["error"])
        self.assertIn("third is refused ask", outcome.said)
        self.assert_nothing_ran_out_of_time(coordinator, outcome["run_id"])

    def test_two_who_ask_each_other_in_their_turns_do_not_wait(self):
        coordinator, _ = self.start_spread()
        document = team_document(
            {"puppet": puppet()},
            {
                "turns": "free",
                "max_iterations": 1,
                "request_timeout": "1h",
                "agents": [
                    {"role": "one", "agent": "puppet", "input": {"ops": [ask("two")]}, "placement": at("left")},
                    {"role": "two", "agent": "puppet", "input": {"ops": [ask("one")]}, "placement": at("right")},
                ],
            },
        )
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        errors = self.errors_in(outcome["output"]["artifacts"])
        self.assertTrue(errors, "whoever asked second would have closed the circle")
        self.assertEqual({x["code"] for x in errors}, {"deadlock"})
        self.assert_nothing_ran_out_of_time(coordinator, outcome["run_id"])

    def test_a_write_out_of_turn_is_refused(self):
        coordinator, _ = self.start_spread()
        writes = [put("plan", "mine"), {"op": "decide", "decision": "mine"}, {"op": "handoff", "to": "first"}]
        outcome = self.run_on(coordinator, one_acts([ask("second")], {"second": writes}))
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        errors = self.errors_in(outcome["output"]["artifacts"]["only"])
        self.assertEqual([x["code"] for x in errors], ["forbidden"] * 3)
        for error, word in zip(errors, ("put", "decide", "handoff")):
            said = f"it is not the turn of second: who answers a question may ask and read, not {word}"
            self.assertEqual(error["error"], said)
            self.assertIn(f"second is refused {word}: {said}", outcome.said)
        self.assertNotIn("plan", outcome["output"]["artifacts"])
        self.assertEqual(outcome["output"]["decisions"], [])

    def test_a_message_to_those_outside_of_interacts_with_is_refused(self):
        coordinator, _ = self.start_spread()
        document = one_acts(
            [ask("third"), {"op": "notify", "to": "third", "content": "psst"}, ask("nobody"), ask("first"), ask("second")],
            {"second": [], "third": []},
        )
        document["steps"][0]["team"]["agents"][0]["interacts_with"] = ["second"]
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        *refused, answered = outcome["output"]["artifacts"]["only"]
        only = "it may address second"
        self.assertEqual(
            [(x["code"], x["error"]) for x in refused],
            [
                ("forbidden", f"first may not address third (interacts_with); {only}"),
                ("forbidden", f"first may not address third (interacts_with); {only}"),
                ("not_found", 'there is no teammate "nobody"; first may address second'),
                ("forbidden", f"first may not address first (interacts_with); {only}"),
            ],
        )
        self.assertEqual(answered["value"]["from"], "second")
        self.assertEqual([x["to"] for x in outcome["output"]["communication_log"]], ["second", "first"])

    def test_a_turn_that_has_ended_can_write_no_more(self):
        """The operations of an output are refused like others, and the member hears of it at its next turn."""
        coordinator = self.start_alone()
        document = team_document(
            {"author": {"kind": "lua", "script": """
                if turn.iteration == 2 then return {refused = turn.refused} end
                return {operations = {{op = "put", artifact = "no name!", value = 1}, {op = "dance"}, {op = "ask", to = "ghost", content = 1}}}
            """}},
            {"turns": "round_robin", "max_iterations": 2, "agents": [{"role": "author"}]},
        )
        output = self.output_of(coordinator, document)
        refused = output["artifacts"]["author"]["refused"]
        self.assertEqual([x["operation"] for x in refused], ["operations", "put", "ask"])
        self.assertIn('there is no operation "dance"; there are ask,', refused[0]["message"])
        self.assertIn("is no name of an artifact", refused[1]["message"])
        self.assertIn('there is no teammate "ghost"', refused[2]["message"])


if __name__ == "__main__":
    unittest.main()
