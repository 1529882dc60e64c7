"""The examples with models that an outside witness plays: aimock, which others test their clients against. Optional: it
needs Node.js 20.15 or newer, and ./dev test has it installed where there is one."""

import json
import os
import re
import shutil
import unittest
import urllib.request

from harness import ROOT, Process
from team_harness import TeamTest

CLI = ROOT / "build/tools/aimock/node_modules/@copilotkit/aimock/dist/cli.js"
LICENCES = "/usr/share/common-licenses"

ARTICLE = {"systemMessage": "You write short, sober articles"}
REPORT = {"systemMessage": "You answer questions from quotations"}
AGAIN = {"userMessage": "sent your last version back"}


def fixture(match, response):
    return {"match": match, "response": response}


def calls(name, **arguments):
    return {"toolCalls": [{"name": name, "arguments": arguments}]}


@unittest.skipUnless(shutil.which("node") and CLI.exists(), f"no {CLI.relative_to(ROOT)}: ./dev test installs it where npm and Node.js 20.15 are")
@unittest.skipUnless(os.path.isdir(LICENCES), f"there is no {LICENCES}")
class Witness(TeamTest):
    def play(self, *fixtures):
        """Starts the server; whatever matches no fixture is an error there."""
        file = self.write("fixtures.json", {"fixtures": list(fixtures)})
        log = self.folder / "aimock.log"
        server = Process(["-p", "0", "-f", file, "--strict"], log, program=["node", str(CLI)])
        self.addCleanup(server.close)
        while "listening on" not in (line := server.read_line()):
            pass
        return re.search(r"http://\S+", line)[0]

    def run_with_models(self, example, url):
        coordinator = self.start_coordinator()
        for name in ("w1", "w2"):
            self.start_worker(name, coordinator, environment={"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "sesame"})
        self.wait_for_nodes(coordinator, 2)
        outcome = self.run_on(coordinator, ROOT / "examples" / example, "--input", '{"llm": true}')
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        with urllib.request.urlopen(f"{url}/__aimock/journal", timeout=10) as answer:
            journal = json.load(answer)
        self.assertEqual({x["response"]["status"] for x in journal}, {200})
        return outcome, [x["body"] for x in journal]

    def quotations(self, example, member):
        """What the example quotes without a model."""
        output = self.output_of(None, ROOT / "examples" / example)
        return [line for line in output[member].splitlines() if line.startswith("> ")]

    def test_the_content_pipeline_with_models(self):
        quotations = self.quotations("content-pipeline.yaml", "article")
        short = "# Warranty\n\n" + "\n\n".join(quotations[:3])
        url = self.play(
            fixture({**ARTICLE, **AGAIN}, {"content": short}),
            fixture({**ARTICLE, "hasToolResult": False}, calls("ask", to="researcher", content="warranty unless except")),
            fixture({**ARTICLE, "toolResultContains": "hits"}, {"content": "# Warranty\n\n" + "\n\n".join(quotations * 4)}),
        )
        outcome, asked = self.run_with_models("content-pipeline.yaml", url)
        output = outcome["output"]
        self.assertEqual((output["ended"], output["iterations"]), ("approved", 2), outcome.said)
        self.assertTrue(output["article"].startswith(short), output["article"])
        self.assertIn("## Sources", output["article"])
        self.assertEqual([len(x["messages"]) for x in asked], [2, 4, 2], "one question, its tool's answer, the second version")

    def test_the_research_assistant_with_models(self):
        quotations = self.quotations("research-assistant.yaml", "markdown")
        good = "## In short\n\nThis is what the texts say.\n\n" + "\n\n".join(quotations[:4])
        url = self.play(
            fixture({**REPORT, **AGAIN}, {"content": good}),
            fixture({**REPORT, "hasToolResult": False}, calls("ask", to="analyst", content="how widely?")),
            fixture({**REPORT, "toolResultContains": "texts"}, {"content": "## In short\n\nNothing is cited here."}),
        )
        outcome, asked = self.run_with_models("research-assistant.yaml", url)
        text = outcome["output"]["markdown"]
        self.assertIn("nothing is cited; cite findings as [document, line n]", outcome.said)
        self.assertIn(good, text)
        self.assertIn("## Sources", text)
        self.assertEqual(len(asked), 3)


if __name__ == "__main__":
    unittest.main()
