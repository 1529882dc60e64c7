"""The two larger examples, with no key and on real texts: the same on one process and on three, and fit to be read."""

import json
import os
import re
import unittest

from harness import ROOT
from team_harness import TeamTest

LICENCES = "/usr/share/common-licenses"


@unittest.skipUnless(os.path.isdir(LICENCES), f"there is no {LICENCES}")
class TeamExamples(TeamTest):
    @classmethod
    def lines_of(cls, document):
        with open(os.path.join(LICENCES, document), encoding="utf-8") as text:
            return text.read().splitlines()

    def same_everywhere(self, example, *arguments):
        file = ROOT / "examples" / example
        alone = self.output_of(None, file, *arguments)
        coordinator, _ = self.start_spread()
        outcome = self.run_on(coordinator, file, *arguments)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        self.assertEqual(outcome["output"], alone)
        self.assertEqual(self.nodes_of(coordinator, outcome["run_id"]), {"left", "right"})
        return alone, outcome.said

    def assert_quoted(self, text, least):
        """Every quotation stands where it says that it does."""
        quotations = re.findall(r"^> (.*?) \[([^\],]+), line (\d+)", text, re.MULTILINE)
        self.assertGreaterEqual(len(quotations), least)
        for quote, document, line in quotations:
            there = " ".join(" ".join(self.lines_of(document)[int(line) - 1 :][:40]).split())
            words = quote.removesuffix(" …")
            self.assertIn(words[:200], there, f"{document}, line {line}")

    def test_the_content_pipeline_sends_back_what_is_too_long(self):
        output, said = self.same_everywhere("content-pipeline.yaml")
        self.assertEqual((output["ended"], output["iterations"]), ("approved", 2))
        self.assertRegex(said, r"reviewer ends turn 4: revise: .*it has \d+ words where 220 are allowed")
        article = output["article"]
        self.assertTrue(article.startswith("# Warranty and liability\n\n"))
        self.assertRegex(article, r"\d+ of \d+ texts speak of it")
        self.assert_quoted(article, least=4)
        body, sources = article.split("\n## Sources\n")
        # Short enough, and not cut further than that asks for.
        self.assertLessEqual(len(body.split()), 220)
        self.assertGreater(len(body.split()), 150)
        cited = set(re.findall(r"\[([^\],]+), line", body))
        self.assertEqual(set(re.findall(r"^- ([^,]+), lines? [\d, ]+$", sources, re.MULTILINE)), cited)

    def test_the_content_pipeline_says_so_when_there_is_nothing_to_say(self):
        given = json.dumps({"topic": "giraffes", "max_words": 60})
        output = self.output_of(None, ROOT / "examples/content-pipeline.yaml", "--input", given)
        self.assertEqual(output["article"], "# Giraffes\n\nNone of the texts speaks of it.\n")

    def test_the_research_assistant_reports_with_sources(self):
        output, said = self.same_everywhere("research-assistant.yaml")
        text = output["markdown"]
        self.assertIn("writer → analyst asks", said)
        self.assertRegex(said, r"reviewer ends turn 3: revise: .*a quotation has \d+ bytes; 320 are enough")
        self.assertTrue(text.startswith("# What must I do to pass on a program?\n"))
        for angle in ("Copyright notices must be kept", "The source code must be offered", "Changes must be marked"):
            self.assertRegex(text, rf"\n\| {angle} \| 3 \| \S+")
            self.assertRegex(text, rf"\n## {angle}\n\nSaid in so many words by at least \d+ of \d+ texts: ")
        self.assert_quoted(text, least=12)
        self.assertEqual(output["confirmed"] + output["doubted"], 12)
        self.assertGreaterEqual(output["confirmed"], 9)
        self.assertRegex(text, rf"\n## Sources\n\n- {LICENCES}/\S+, lines? \d+")


if __name__ == "__main__":
    unittest.main()
