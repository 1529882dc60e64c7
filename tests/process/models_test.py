"""The licence review with models as judges: the same document, and a server on loopback that speaks the protocol of
OpenAI's chat completions."""

import json
import os
import unittest

from harness import ROOT, ProcessTest
from model_server import ModelServer

LICENCES = "/usr/share/common-licenses"


def judge(body):
    """By the claim in the prompt alone."""
    prompt = body["messages"][-1]["content"]
    return json.dumps({"verdict": "yes" if "patent licence" in prompt else "no", "confidence": 0.5})


@unittest.skipUnless(os.path.isdir(LICENCES), f"there is no {LICENCES}")
class Models(ProcessTest):
    def test_models_judge_where_a_base_url_is_set(self):
        server = ModelServer(judge)
        self.addCleanup(server.close)
        data = self.folder / "data"
        done = self.troupe("run", ROOT / "examples/licence-review.yaml", "--data", data, "--select", "$.markdown",
                           "--input", json.dumps({"folder": LICENCES, "llm": True}), timeout=100,
                           environment=server.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| MPL-2.0 | yes (100 %) | no (100 %) | no (100 %) | no (100 %) |", done.stdout)
        self.assertEqual({x[0] for x in server.requests}, {"/v1/chat/completions"})
        self.assertEqual({x[1] for x in server.requests}, {"Bearer sesame"})
        report = json.dumps(self.json("report", "--data", data))
        self.assertIn(f'"tokens_in": {100 * len(server.requests)}', report)


if __name__ == "__main__":
    unittest.main()
