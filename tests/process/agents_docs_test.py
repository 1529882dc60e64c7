"""Every example of docs/agents.md that is about members of teams, run as it stands there; so are those of teams.md.
(The C++ ones are built and run by the package test.)"""

import json
import re
import subprocess
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import ROOT
from model_server import Calls, ModelServer, tool_answers
from team_harness import TeamTest, at, lua, team_document

PAGE = (ROOT / "docs" / "agents.md").read_text()
DRAFT = "Oaks become 300 years old."
EXAMPLE = {"kind": "process", "command": [sys.executable, str(ROOT / "examples/agents/team_writer.py")]}


def blocks(heading, language):
    """The code blocks of a language in the section under a heading, up to the next of any level."""
    section = re.split(r"^##+ ", PAGE.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [text for of, text in fenced if of == language]


def said(transcript):
    """[(direction, message), …] of a transcript with arrows."""
    return [(line[0], json.loads(line[2:])) for line in transcript.splitlines()]


class AgentsDocs(TeamTest):
    def team_with(self, writer, *more):
        """The team of the page with another writer; its outcome."""
        (document,) = blocks("Turns", "yaml")
        program = "{kind: process, command: [python3, writer.py]}"
        self.assertIn(program, document)
        return self.run_on(None, self.write("oaks.yaml", document.replace(program, json.dumps(writer))), *more)

    def assert_drafted(self, outcome):
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        self.assertEqual(outcome["output"], DRAFT)
        self.assertIn('writer → researcher asks: "how old do oaks become?"', outcome.said)

    def test_the_program(self):
        (program,) = blocks("Programs in turn", "python")
        file = self.write("writer.py", program)
        outcome = self.team_with({"kind": "process", "command": [sys.executable, str(file)]})
        self.assert_drafted(outcome)
        self.assertIn("writer decides: whole numbers, because they are read more easily", outcome.said)

    def test_what_goes_over_the_pipes_of_the_program(self):
        (program,) = blocks("Programs in turn", "python")
        (transcript,) = blocks("Programs in turn", "")
        lines = said(transcript)
        given = "".join(json.dumps(x) + "\n" for arrow, x in lines if arrow == "→")
        done = subprocess.run(
            [sys.executable, "-c", program], input=given, capture_output=True, text=True, timeout=30, check=True
        )
        self.assertEqual([json.loads(x) for x in done.stdout.splitlines()], [x for arrow, x in lines if arrow == "←"])

    def test_the_example_member_in_the_team_of_the_page(self):
        outcome = self.team_with(EXAMPLE)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        self.assertEqual(outcome["output"], "# A sentence about oaks\nresearcher: 300")

    def test_the_example_member_copes_with_a_conflict(self):
        coordinator, _ = self.start_spread()
        # Both have their turns at once, and nobody answers within its own turn: what the researcher writes in its turn is
        # there before the writer, which has seen nothing of it, hears the answer and writes the same artifact.
        faster = """
        if turn.kind == "answer" then return 300 end
        team{op = "put", artifact = "draft", value = "there is a book about oaks"}
        return null
        """
        document = team_document(
            {"researcher": lua(faster), "writer": EXAMPLE},
            {
                "goal": "A sentence about oaks",
                "turns": "free",
                "max_iterations": 1,
                "agents": [
                    {"role": "researcher", "placement": at("right")},
                    {"role": "writer", "placement": at("left"), "writes": "draft"},
                ],
            },
        )
        outcome = self.run_on(coordinator, document)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        output = outcome["output"]
        theirs = "there is a book about oaks"
        self.assertEqual(output["artifacts"], {"draft": f"{theirs}\n# A sentence about oaks\nresearcher: 300"})
        self.assertEqual([(x["author"], x["version"]) for x in output["changes"]], [("researcher", 1), ("writer", 2)])
        refused = "writer is refused put: artifact draft is at version 1, written by researcher; this write was made from version 0"
        self.assertIn(refused, outcome.said)
        self.assertEqual(self.nodes_of(coordinator, outcome["run_id"]), {"left", "right"})

    def test_the_script(self):
        (script,) = blocks("Scripts in turn", "lua")
        self.assert_drafted(self.team_with({"kind": "lua", "script": script}))

    def test_the_model(self):
        (agents,) = blocks("Models in turn", "yaml")
        (transcript,) = blocks("Models in turn", "")
        (_, call), (_, tool), (_, answer) = said(transcript)
        function = call["tool_calls"][0]["function"]

        def reply(body):
            return answer["content"] if tool_answers(body) else Calls([(function["name"], json.loads(function["arguments"]))])

        server = ModelServer(reply)
        self.addCleanup(server.close)
        self.assertIn("writer: {kind: llm, model: gpt-4o-mini", agents)
        document = blocks("Turns", "yaml")[0].replace("  writer: {kind: process, command: [python3, writer.py]}\n", agents.split("\n", 1)[1])
        coordinator = self.start_coordinator("c1", "127.0.0.1:0", "coordinator,worker", environment=server.environment)
        outcome = self.run_on(coordinator, self.write("oaks.yaml", document))
        self.assert_drafted(outcome)
        asked, told = server.requests[1][2]["messages"][-2:]
        self.assertEqual((asked["role"], asked["content"], [x["function"]["name"] for x in asked["tool_calls"]]), ("assistant", "", ["ask"]))
        self.assertEqual(told, tool)

    def test_the_service(self):
        (response,) = blocks("Services in turn, and operations in an output", "json")
        heard = []

        class Service(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(response.encode())))
                self.end_headers()
                self.wfile.write(response.encode())

        server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        outcome = self.team_with({"kind": "http", "url": f"http://127.0.0.1:{server.server_port}/"})
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        self.assertEqual(outcome["output"], DRAFT)
        self.assertIn("writer decides: whole numbers", outcome.said)
        self.assertIn("writer leaves open (q-1): is there anything newer?", outcome.said)
        self.assertEqual((heard[0]["role"], heard[0]["writes"]), ("writer", "draft"))

    def test_the_example_of_a_team(self):
        page = (ROOT / "docs" / "teams.md").read_text()
        document = re.search(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
        outcome = self.run_on(None, self.write("teams.yaml", document), "--input", '{"topic": "patents"}')
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        self.assertIn("About patents", outcome["output"])

    def test_the_cpp_examples_are_those_of_the_program(self):
        program = (ROOT / "examples/custom_agent/main.cpp").read_text()
        for block in blocks("C++ in turn", "cpp"):
            for part in block.split("\n\n"):
                self.assertIn(part.rstrip(), program)


if __name__ == "__main__":
    unittest.main()
