"""The process agent of examples/agents speaks the protocol of docs/agents.md."""

import json
import pathlib
import subprocess
import sys
import unittest

AGENT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "agents" / "word_count.py"


def ask(*requests):
    """Each request's lines of answer, by task id."""
    text = "".join(json.dumps(r) + "\n" for r in requests)
    done = subprocess.run([sys.executable, str(AGENT)], input=text, capture_output=True, text=True, timeout=30, check=True)
    answers = {}
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        answers.setdefault(answer.pop("task_id"), []).append(answer)
    return answers


def request(number, data):
    return {"task_id": f"run/{number}", "attempt": 1, "idempotency_key": f"run/{number}", "timeout_ms": 0, "input": data}


class WordCount(unittest.TestCase):
    def test_answers_each_request_on_a_line_of_its_own(self):
        answers = ask(request(1, {"text": "the cat and the dog"}), request(2, "Ein Wort"))
        self.assertEqual(set(answers), {"run/1", "run/2"})
        first = answers["run/1"]
        self.assertIn("progress", first[0])
        self.assertEqual(first[-1]["output"]["words"], 5)
        self.assertEqual(first[-1]["output"]["distinct"], 4)
        self.assertEqual(first[-1]["output"]["top"][0], {"word": "the", "count": 2})
        self.assertEqual(first[-1]["confidence"], 1.0)
        self.assertEqual(answers["run/2"][-1]["output"]["words"], 2)

    def test_reports_a_wrong_input_as_an_error(self):
        for data in (7, None, {"txt": "x"}, ["a"]):
            error = ask(request(1, data))["run/1"][-1]["error"]
            self.assertEqual(error["code"], "invalid_input")
            self.assertFalse(error["retryable"])

    def test_ends_when_nobody_asks_any_more(self):
        self.assertEqual(ask(), {})


if __name__ == "__main__":
    unittest.main()
