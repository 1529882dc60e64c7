"""Members of a team that are models: what they are told, that they act by tools, and that the examples with `llm` end with
a sensible result. The server is ours; an outside witness is in team_aimock_test.py."""

import json
import os
import re
import unittest

from harness import ROOT
from model_server import Calls, ModelServer, question_of, system_of, tool_answers
from team_harness import TeamTest, at, team_document

LICENCES = "/usr/share/common-licenses"


def model(**keys):
    return {"kind": "llm", "model": "m", **keys}


TEAM = team_document(
    {"writer": model(system="You write in one sentence."), "researcher": model(), "reviewer": model()},
    {
        "goal": "A sentence about oaks",
        "agents": [
            {"role": "writer", "archetype": "creator", "interacts_with": ["researcher"], "placement": at("left")},
            {"role": "researcher", "ask_when": "you need a number", "placement": at("right")},
            {"role": "reviewer", "archetype": "critic", "placement": at("right"), "writes": False},
        ],
        "phases": [{"phase": "draft", "roles": ["writer"]}, {"phase": "review", "roles": ["reviewer"]}],
        "review": {"by": ["reviewer"], "back_to": "draft"},
    },
)


def team(body):
    """The three of them: who is asked, the system message says."""
    who = re.search(r"You are the (\w+) of a team working to this goal: A sentence about oaks", system_of(body))[1]
    done = tool_answers(body)
    if who == "researcher":
        return "300 years"
    if who == "reviewer":
        text = system_of(body)
        approve = {"verdict": "approve"}
        return json.dumps(approve if "they say" in text else {"verdict": "revise", "comments": "say where that is from"})
    if not done:
        return Calls(
            [
                ("ask", {"to": "researcher", "content": "how old do oaks become?"}),
                ("ask", {"to": "reviewer", "content": "is it good?"}),
                ("put", {"artifact": "notes", "value": {"asked": True}}),
                ("decide", {"decision": "no Latin", "reason": "nobody reads it"}),
                ("dance", {}),
            ]
        )
    age = done[0]["value"]["content"]
    again = "say where that is from" in system_of(body)
    return f"Oaks become {age} old{', they say' if again else ''}."


def picked(body, most):
    """The first of the quotations in a prompt, as an article."""
    quotations = re.findall(r"“(.*?)” \[(.*?), line (\d+)\]", question_of(body))
    return "\n\n".join(f"> {quote[:200]} [{document}, line {line}]" for quote, document, line in quotations[:most])


def article(body):
    if not tool_answers(body):
        return Calls([("ask", {"to": "researcher", "content": "warranty and liability unless"})])
    # The first version is too long; the reviewer's words are in the prompt of the second.
    return "# Who answers for it\n\n" + picked(body, 4 if "sent your last version back" in question_of(body) else 30)


def report(body):
    if not tool_answers(body):
        return Calls([("ask", {"to": "analyst", "content": "How widely is each of them said?"})])
    widely = len(tool_answers(body)[0]["value"]["content"]["notices"]["texts"])
    made_up = "" if "sent your last version back" in question_of(body) else "\n\n> Everything is permitted. [BSD, line 9999]"
    return f"## What to do\n\nAt least {widely} texts say it.\n\n{picked(body, 6)}{made_up}\n"


def planned(body):
    """Plans for another question, wrongly at first; then writes as always."""
    if not system_of(body).startswith("You plan research"):
        return report_of_planned(body)
    angle = {"claim": "Patents are licensed", "query": "patent license grant", "about": ["patent"], "supports": [["grant", "patent"]]}
    named = [{"name": name, **angle} for name in ("patents", "grants")]
    # What is said when an answer does not fit its schema names what is missing.
    return json.dumps({"angles": named} if len(body["messages"]) > 2 else {"angles": [angle]})


def report_of_planned(body):
    if not tool_answers(body):
        return Calls([("ask", {"to": "analyst", "content": "How widely is each of them said?"})])
    return f"## Patents\n\n{picked(body, 3)}\n"


class TeamModels(TeamTest):
    def serve(self, reply):
        server = ModelServer(reply)
        self.addCleanup(server.close)
        return server

    def spread(self, server):
        coordinator = self.start_coordinator()
        for side in ("left", "right"):
            self.start_worker(side, coordinator, "--label", f"{side}=yes", environment=server.environment)
        self.wait_for_nodes(coordinator, 2)
        return coordinator

    def test_models_act_by_tools(self):
        server = self.serve(team)
        coordinator = self.spread(server)
        outcome = self.run_on(coordinator, TEAM)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        output = outcome["output"]
        self.assertEqual(output["artifacts"], {"draft": "Oaks become 300 years old, they say.", "notes": {"asked": True}})
        self.assertEqual((output["ended"], output["iterations"]), ("approved", 2))
        self.assertEqual([x["decision"] for x in output["decisions"]], ["no Latin", "no Latin"])
        talk = [(x["from"], x["to"], x["type"], x["content"]) for x in output["communication_log"]]
        asked = [("writer", "researcher", "request", "how old do oaks become?"), ("researcher", "writer", "response", "300 years")]
        self.assertEqual(talk, [*asked, ("reviewer", "writer", "feedback", "say where that is from"), *asked])

        bodies = [x[2] for x in server.requests]
        writers = [x for x in bodies if "You are the writer" in system_of(x)]
        told = system_of(writers[0])
        for words in ["You write in one sentence.", "Your teammates:\n- researcher", "Ask when you need a number", "The phase is draft"]:
            self.assertIn(words, told)
        self.assertNotIn("- reviewer", told)
        tools = {x["function"]["name"] for x in writers[0]["tools"]}
        self.assertEqual(tools, {"ask", "notify", "get", "log", "question", "inbox", "answer", "put", "decide", "handoff"})
        # What became of each tool, in order; what is refused is told, and costs nothing else.
        said = tool_answers(writers[1])
        self.assertEqual(said[0]["value"]["content"], "300 years")
        self.assertEqual(said[1]["error"]["code"], "forbidden")
        self.assertIn("it may address researcher", said[1]["error"]["message"])
        self.assertEqual(said[2]["value"], {"artifact": "notes", "version": 1})
        self.assertIn('there is no operation "dance"', said[4]["error"])
        # Who answers may not write, and is not offered to.
        answering = next(x for x in bodies if "You are the researcher" in system_of(x))
        self.assertIn("The writer asks you: how old do oaks become?", system_of(answering))
        self.assertEqual({x["function"]["name"] for x in answering["tools"]} & {"put", "decide", "handoff"}, set())
        # All turns of a conversation are paid for.
        report = json.dumps(self.json("report", outcome["run_id"], "--connect", coordinator.listen))
        self.assertIn(f'"tokens_in": {server.tokens_in * len(bodies)}', report)

    @unittest.skipUnless(os.path.isdir(LICENCES), f"there is no {LICENCES}")
    def test_a_model_writes_the_article_and_shortens_it_when_it_is_sent_back(self):
        server = self.serve(article)
        outcome = self.run_on(self.spread(server), ROOT / "examples/content-pipeline.yaml", "--input", '{"llm": true}')
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        output = outcome["output"]
        self.assertEqual((output["ended"], output["iterations"]), ("approved", 2), outcome.said)
        self.assertTrue(output["article"].startswith("# Who answers for it\n\n> "), output["article"])
        self.assertLess(len(output["article"].split()), 250)
        self.assertRegex(output["article"], r"## Sources\n\n- \S+, lines? \d+")

    @unittest.skipUnless(os.path.isdir(LICENCES), f"there is no {LICENCES}")
    def test_a_model_writes_the_report_and_takes_back_what_nobody_found(self):
        server = self.serve(report)
        outcome = self.run_on(self.spread(server), ROOT / "examples/research-assistant.yaml", "--input", '{"llm": true}')
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        text = outcome["output"]["markdown"]
        self.assertIn("these citations are no findings: BSD, line 9999", outcome.said)
        self.assertNotIn("Everything is permitted", text)
        self.assertRegex(text, r"At least \d texts say it\.\n\n> .*\[\S+, line \d+\]")
        self.assertIn("## Sources", text)
        self.assertGreater(outcome["output"]["confirmed"], 6)

    @unittest.skipUnless(os.path.isdir(LICENCES), f"there is no {LICENCES}")
    def test_a_model_plans_for_a_question_of_one_s_own(self):
        server = self.serve(planned)
        given = json.dumps({"llm": True, "question": "Who grants patents?"})
        outcome = self.run_on(self.spread(server), ROOT / "examples/research-assistant.yaml", "--input", given)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        text = outcome["output"]["markdown"]
        self.assertTrue(text.startswith("# Who grants patents?\n"), text)
        self.assertRegex(text, r"\| Patents are licensed \| \d+ \|")
        self.assertRegex(text, r"> .*patent.*\[\S+, line \d+\]")


if __name__ == "__main__":
    unittest.main()
