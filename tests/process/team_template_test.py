"""The templates of the source material, as they stand (tests/specs), with agents for the capabilities of their roles."""

import json
import unittest

from harness import ROOT
from team_harness import TeamTest, at

SPECS = ROOT / "tests" / "specs"

AGENTS = """
agents:
  search:
    kind: lua
    capabilities: [file_read, web_search]
    placement: {left: "yes"}
    replicas: 2
    script: |
      if turn.kind == "answer" then return "prices of three competitors" end
      return array{"source one", "source two"}
  author:
    kind: lua
    capabilities: [content_generation]
    placement: {right: "yes"}
    script: |
      local heard = {}
      for _, message in ipairs(turn.inbox) do heard[#heard + 1] = message.content end
      if #heard == 0 then return turn.workspace.artifacts.draft end
      return "draft with " .. table.concat(heard, "; ")
  reviser:
    kind: lua
    capabilities: [content_revision]
    placement: {left: "yes"}
    script: return turn.workspace.artifacts.draft .. ", edited"
  judge:
    kind: lua
    capabilities: [quality_evaluation]
    placement: {right: "yes"}
    script: |
      if turn.iteration < turn.max_iterations then return {verdict = "revise", comments = "once more"} end
      return {verdict = "approve", of = turn.workspace.task.goal}
  researcher:
    kind: lua
    script: |
      if input == "unknown" then error("nothing is known") end
      return {about = input}
"""


def spec(name):
    return json.loads((SPECS / f"{name}.json").read_text())


class Templates(TeamTest):
    def setUp(self):
        super().setUp()
        self.agents = self.write("agents.yaml", AGENTS)

    def test_team_workspace_and_message_run_as_they_stand(self):
        given = json.dumps({**spec("workspace"), **spec("message")})
        alone = self.start_alone()
        spread, _ = self.start_spread()
        outputs = []
        for coordinator in (alone, spread):
            outcome = self.run_on(coordinator, SPECS / "team.json", "--agents", self.agents, "--input", given)
            self.assertEqual(outcome["state"], "succeeded", outcome.said)
            outputs.append(outcome["output"])
        output = outputs[1]
        self.assertEqual([x["artifacts"] for x in outputs], [output["artifacts"]] * 2)
        # The phases of the team, beside what the workspace began with.
        self.assertEqual(
            output["artifacts"],
            {
                "research": ["source one", "source two"],
                "draft": "draft with prices of three competitors",
                "edit": "draft with prices of three competitors, edited",
                "review": {"verdict": "approve", "of": "Create market analysis report"},
                "draft_v1": None,
                "draft_v2": None,
                "final": None,
            },
        )
        self.assertEqual((output["iterations"], output["ended"]), (spec("team")["team"]["workflow"]["max_iterations"], "phases"))
        # The message of the template is the first that is said, and it is answered.
        question, answer = output["communication_log"][:2]
        template = spec("message")["message"]
        for key in ("from", "to", "type", "content", "priority", "requires_response", "timeout_seconds"):
            self.assertEqual(question[key], template[key], key)
        self.assertEqual((answer["type"], answer["to"], answer["in_reply_to"]), ("response", "writer", question["id"]))
        self.assertEqual(answer["content"], "prices of three competitors")

    def test_parallel_group_runs_as_it_stands_and_yields_an_aggregated_result(self):
        coordinator, _ = self.start_spread()
        given = json.dumps({"request": {"topic_1": "prices", "topic_2": "unknown"}})
        outcome = self.run_on(coordinator, SPECS / "parallel_group.json", "--agents", self.agents, "--input", given)
        self.assertEqual(outcome["state"], "partial", outcome.said)
        output, template = outcome["output"], spec("aggregated_result")
        self.assertEqual(output.keys(), template.keys())
        self.assertEqual(output["aggregated_result"], {"agent_1": {"about": "prices"}})
        self.assertEqual(template["metadata"].keys() - output["metadata"].keys(), set())
        self.assertEqual([x["agent"] for x in output["metadata"]["failed_agents"]], ["agent_2"])
        self.assertIn("nothing is known", output["metadata"]["failed_agents"][0]["error"])

    def test_what_is_wrong_with_a_workspace_or_a_message_is_said(self):
        coordinator = self.start_alone()
        team = json.loads((SPECS / "team.json").read_text())
        file = self.write("team.json", team)

        def fails(given, *words):
            outcome = self.run_on(coordinator, file, "--agents", self.agents, "--input", json.dumps(given))
            self.assertEqual(outcome["state"], "failed", outcome.said)
            for word in words:
                self.assertIn(word, outcome["error"]["message"])

        workspace, message = spec("workspace")["workspace"], spec("message")["message"]
        fails({"workspace": {**workspace, "artefacts": {}}}, 'workspace has no member "artefacts"', "it has id, created, task, artifacts")
        fails({"workspace": {**workspace, "artifacts": []}}, "workspace.artifacts must be an object of values by name")
        fails({"workspace": []}, "a workspace is an object")
        fails({"message": {**message, "to": "sales"}}, 'for "sales"', "researcher, writer, editor, reviewer")
        fails({"message": {**message, "type": "requst"}}, '"requst"', "request, response, handoff, feedback, event")
        fails({"message": {**message, "priority": "urgent"}}, '"urgent"', "low, normal, high")
        fails({"message": {**message, "form": "writer"}}, '"form"', "from")
        fails({"messages": [message, "hello"]}, "messages[1]", "an object")


if __name__ == "__main__":
    unittest.main()
