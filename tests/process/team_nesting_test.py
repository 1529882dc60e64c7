"""Teams within every other step, and every other step within a team, on one node and on three."""

import unittest

from team_harness import TeamTest, at, lua, without_times

AGENTS = {
    # Asks, writes, and yields what it heard: an inner team does all that a team does.
    "asker": lua('local a = team{op = "ask", to = "teller", content = input.about}; return a.content', replicas=4),
    "teller": lua('return turn.kind == "answer" and {heard = turn.question.content} or "told"', replicas=4),
    "noter": lua('team{op = "put", artifact = "note-" .. input.n, value = turn.role}; return input.n', replicas=4),
    "sum": lua("local n = 0; for _, x in pairs(input) do n = n + x end; return n"),
    "pass": lua("return input"),
}


def pair(about):
    """A team of two on both sides."""
    return {
        "goal": "a test",
        "agents": [
            {"role": "asker", "input": {"about": about}, "placement": at("left")},
            {"role": "teller", "placement": at("right")},
        ],
        "phases": ["asker"],
        "output": "$.workspace.artifacts.asker",
    }


DOCUMENT = {
    "workflow": "nesting",
    "agents": AGENTS,
    "steps": [
        # Teams within …
        {"id": "fan", "parallel": {"each": ["x", "y", "z"], "step": {"team": pair("$.item")}}},
        {
            "id": "pick",
            "choose": [
                {"when": "input.never", "agent": "pass"},
                {"when": "input.pick == 'team'", "team": pair("$.input.pick")},
            ],
        },
        {
            "id": "group",
            "steps": [
                {"id": "talk", "team": pair("in a group")},
                {"id": "after", "agent": "pass", "input": {"was": "$.steps.talk"}},
            ],
        },
        # … and within a team.
        {
            "id": "outer",
            "team": {
                "goal": "a test",
                "agents": [
                    {
                        "role": "fan",
                        "step": {"parallel": {"each": [1, 2, 3], "agent": "noter", "input": {"n": "$.item"}}},
                        "placement": at("left"),
                    },
                    {
                        "role": "pick",
                        "step": {
                            "choose": [
                                {"when": "workspace.iteration > 1", "agent": "pass", "input": "$.turn.role"},
                                {"otherwise": {"agent": "sum", "input": "$.workspace.artifacts.fan.aggregated_result"}},
                            ]
                        },
                        "placement": at("right"),
                    },
                    {
                        "role": "group",
                        "steps": [
                            {"id": "one", "agent": "noter", "input": {"n": 4}},
                            {"id": "two", "agent": "sum", "input": ["$.steps.one", "$.workspace.artifacts.pick"]},
                        ],
                    },
                    {"role": "inner", "step": {"team": pair("$.turn.goal")}},
                ],
            },
        },
    ],
}

HEARD = {x: {"heard": x} for x in "xyz"}
OUTER = {
    "note-1": "fan",
    "note-2": "fan",
    "note-3": "fan",
    "note-4": "group",
    "pick": 6,
    "group": {"one": 4, "two": 10},
    "inner": {"heard": "a test"},
}


class Nesting(TeamTest):
    maxDiff = None

    def test_teams_nest_in_every_step_and_every_step_in_teams(self):
        outputs = []
        for coordinator in (self.start_alone(), self.start_spread()[0]):
            output = self.output_of(coordinator, DOCUMENT, "--input", '{"pick": "team"}')
            outputs.append(output)
            self.assertEqual(output["fan"]["aggregated_result"], HEARD)
            self.assertEqual(output["pick"], {"heard": "team"})
            self.assertEqual(output["group"], {"talk": {"heard": "in a group"}, "after": {"was": {"heard": "in a group"}}})
            artifacts = output["outer"]["artifacts"]
            self.assertEqual(artifacts.pop("fan")["aggregated_result"], {"0": 1, "1": 2, "2": 3})
            self.assertEqual(artifacts, OUTER)
        one, three = (without_times(x["outer"]["versions"]) for x in outputs)
        self.assertEqual(one, three)


if __name__ == "__main__":
    unittest.main()
