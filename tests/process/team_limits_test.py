"""Artifacts that are too large for a workspace, and those that are too large to be told to everybody."""

import unittest

from harness import MIB
from team_harness import TeamTest, at, lua, puppet, put, team_document

# 100 KiB: above `inline_bytes`, below `artifact_bytes`. No two places in it look the same.
LARGE = "".join(f"{i:08}" for i in range(12_800))
MAKE_LARGE = """
local parts = {}
for i = 0, 12799 do parts[#parts + 1] = ("%08d"):format(i) end
return table.concat(parts)
"""


class TeamLimits(TeamTest):
    def operations(self, coordinator, run):
        """What of the puts the journal has: [(number, artifact)]."""
        operations = [x["task_operation"]["op"] for x in self.show(coordinator, run)["events"] if "task_operation" in x]
        return [(x["number"], x["put"]["artifact"]) for x in operations]

    def test_an_artifact_beyond_the_limit_is_refused_and_not_journaled_and_the_turn_goes_on(self):
        coordinator, _ = self.start_spread()
        # With its quotes the text has one byte more than an artifact may have.
        puts = [put("before", 1), put("big", "x" * (MIB - 1)), put("exact", "x" * (MIB - 2)), put("after", 2)]
        document = team_document(
            {"puppet": puppet()},
            {
                "agents": [
                    {"role": "first", "agent": "puppet", "input": {"ops": puts}, "placement": at("right"), "writes": "said"},
                    {"role": "second", "agent": "puppet", "placement": at("left"), "writes": False},
                ]
            },
        )
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        output = outcome["output"]
        written, refused, exact, after = output["artifacts"]["said"]
        why = (
            f"artifact big would have {MIB + 1} bytes; the limit is {MIB}: put a reference (a path, a URL) in its place"
        )
        self.assertEqual(refused, {"error": why, "code": "resource_exhausted"})
        self.assertEqual([x["value"]["version"] for x in (written, exact, after)], [1, 1, 1])
        self.assertEqual(output["versions"], {"before": 1, "exact": 1, "after": 1, "said": 1})
        self.assertEqual(output["turns"], 2)
        self.assertNotIn("is refused", outcome.said, "what is not journaled is for the member alone")
        # The member's second operation has left no trace in the journal: those before and behind it have.
        run = outcome["run_id"]
        self.assertEqual(self.operations(coordinator, run), [(1, "before"), (3, "exact"), (4, "after")])
        text = self.troupe("show", run, "--events", "--connect", coordinator.listen).stdout
        journaled = [line.split("number ")[1] for line in text.splitlines() if "task_operation" in line]
        self.assertEqual(journaled, ["1: put", "3: put", "4: put"])
        self.assertEqual(self.nodes_of(coordinator, run), {"left", "right"})

    def test_an_artifact_above_inline_bytes_is_named_and_read_back_whole_on_another_node(self):
        coordinator, _ = self.start_spread()
        reader = """
        local got = team{op = "get", artifact = "large"}
        return {told = turn.workspace.artifacts, listed = turn.artifacts, got = got.value, version = got.version, author = got.author}
        """
        document = team_document(
            {"author": lua(MAKE_LARGE), "reader": lua(reader)},
            {
                "agents": [
                    {"role": "author", "placement": at("left"), "writes": "large"},
                    {"role": "reader", "placement": at("right"), "writes": "read"},
                ]
            },
        )
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        read = outcome["output"]["artifacts"]["read"]
        size = len(LARGE) + 2
        self.assertEqual(read["told"], {"large": {"$artifact": "large", "version": 1, "bytes": size}})
        self.assertEqual(read["listed"], [{"name": "large", "version": 1, "author": "author", "bytes": size}])
        self.assertEqual((read["version"], read["author"]), (1, "author"))
        self.assertTrue(read["got"] == LARGE, "it came whole")
        run = outcome["run_id"]
        self.assertEqual(self.nodes_of(coordinator, run), {"left", "right"})
        whole = self.troupe("workspace", run, "--artifact", "large", "--connect", coordinator.listen)
        self.assertTrue(whole.stdout == LARGE + "\n", whole.stderr)


if __name__ == "__main__":
    unittest.main()
