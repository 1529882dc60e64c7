"""The same team on one node and on three ends with the same workspace, whatever the order of its turns."""

import unittest

from team_harness import TeamTest, at, lua, refining_team, team_document, without_times

APPENDS = """
local list = team{op = "get", artifact = "list"}.value
if list == null then list = array{} end
list[#list + 1] = turn.role
team{op = "put", artifact = "list", value = list}
"""

BY_PHASE = refining_team(
    finder=lua(
        """
        if turn.kind == "answer" then return {asked = turn.question.content, by = turn.question.from} end
        return array{"ash", "elm", "oak"}
        """,
        replicas=2,
    ),
    author=lua(
        """
        local answer = team{op = "ask", to = "finder", content = "which is the tallest?"}
        team{op = "log", text = "asked " .. answer.from}
        team{op = "put", artifact = "notes", value = answer.content}
        team{op = "decide", decision = "alphabetical", reason = "nobody objects"}
        team{op = "question", question = "what about " .. turn.iteration .. "?"}
        local most = turn.feedback and turn.feedback.comments.most or 3
        local out = {}
        for i = 1, most do out[i] = turn.workspace.artifacts.research[i] end
        return table.concat(out, ", ")
        """
    ),
    critic=lua(
        """
        if #turn.workspace.artifacts.draft > 10 then
          return {verdict = "revise", comments = {most = 2, say = "too many trees"}}
        end
        return {verdict = "approve"}
        """
    ),
)

ROUND_ROBIN = team_document(
    {
        "one": lua(APPENDS + "return null"),
        "two": lua(APPENDS + "return null"),
        "three": lua(APPENDS + 'return {verdict = #list > 5 and "approve" or null}'),
    },
    {
        "turns": "round_robin",
        "agents": [
            {"role": "one", "placement": at("left")},
            {"role": "two", "placement": at("right")},
            {"role": "three", "placement": at("left"), "writes": False},
        ],
        "review": {"by": ["three"]},
    },
)

HANDOFF = team_document(
    {
        role: lua(
            f"""
            local n = #turn.inbox > 0 and turn.inbox[#turn.inbox].content or 0
            if n < 5 then team{{op = "handoff", to = "{then}", content = n + 1}} end
            return {{hops = n}}
            """
        )
        for role, then in (("first", "second"), ("second", "third"), ("third", "first"))
    },
    {
        "turns": "handoff",
        "agents": [
            {"role": "first", "placement": at("left")},
            {"role": "second", "placement": at("right")},
            {"role": "third", "placement": at("left")},
        ],
    },
)

BY_LUA = team_document(
    {"ping": lua(APPENDS + "return null"), "pong": lua(APPENDS + "return null")},
    {
        "turns": {"selector": "workspace.turn < 5 and (workspace.last_role == 'ping' and 'pong' or 'ping') or nil"},
        "agents": [{"role": "ping", "placement": at("left")}, {"role": "pong", "placement": at("right")}],
    },
)

BY_AGENT = team_document(
    {
        "ping": lua(APPENDS + "return null"),
        "pong": lua(APPENDS + "return null"),
        "chair": lua(
            """
            local list = input.workspace.artifacts.list or array{}
            if #list == 4 then return {next = null} end
            return {next = input.last_role == "pong" and "ping" or "pong"}
            """,
            placement=at("right"),
        ),
    },
    {
        "turns": {"selector": {"agent": "chair"}},
        "agents": [{"role": "ping", "placement": at("left")}, {"role": "pong", "placement": at("right")}],
    },
)

# Who is first is chance here: what they write is not.
FREE = team_document(
    {
        "worker": lua(
            """
            team{op = "put", artifact = "shared", value = {[turn.role] = #turn.role}}
            team{op = "log", text = turn.role .. " was here"}
            return {by = turn.role}
            """,
            replicas=3,
        )
    },
    {
        "turns": "free",
        "max_iterations": 1,
        "on_conflict": "merge",
        "agents": [
            {"role": "ash", "agent": "worker", "placement": at("left")},
            {"role": "maple", "agent": "worker", "placement": at("right")},
            {"role": "sycamore", "agent": "worker", "placement": at("left")},
        ],
    },
)

ORDERS = {
    "by_phase": (BY_PHASE, {"draft": "ash, elm"}, "approved"),
    "round_robin": (ROUND_ROBIN, {"list": ["one", "two", "three"] * 2}, "approved"),
    "handoff": (HANDOFF, {"third": {"hops": 5}, "first": {"hops": 3}, "second": {"hops": 4}}, "handed_over"),
    "selector": (BY_LUA, {"list": ["ping", "pong", "ping", "pong", "ping"]}, "selector"),
    "selector agent": (BY_AGENT, {"list": ["pong", "ping", "pong", "ping"]}, "selector"),
    "free": (FREE, {"shared": {"ash": 3, "maple": 5, "sycamore": 8}}, "rounds"),
}


def settled(order, output):
    """What does not depend on who was first."""
    out = without_times(output)
    if order == "free":
        del out["result"], out["changes"]
        out["communication_log"].sort(key=lambda x: x["content"])
    return out


class TeamOrders(TeamTest):
    maxDiff = None

    def test_the_same_document_gives_the_same_workspace_on_one_node_and_on_three(self):
        alone = self.start_alone()
        spread, _ = self.start_spread()
        for order, (document, artifacts, ended) in ORDERS.items():
            with self.subTest(order):
                here = self.run_on(alone, document)
                there = self.run_on(spread, document)
                self.assertEqual(here["state"], "succeeded", here.said)
                self.assertEqual(there["state"], "succeeded", there.said)
                one, three = settled(order, here["output"]), settled(order, there["output"])
                self.assertEqual(one, three)
                self.assertEqual(three["ended"], ended)
                self.assertEqual({k: three["artifacts"][k] for k in artifacts}, artifacts)
                self.assertEqual(self.nodes_of(spread, there["run_id"]), {"left", "right"})
                self.assertEqual(self.nodes_of(alone, here["run_id"]), {"alone"})


if __name__ == "__main__":
    unittest.main()
