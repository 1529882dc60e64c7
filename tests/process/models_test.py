"""The licence review with models as judges: the same document, and a server on loopback that speaks the protocol of
OpenAI's chat completions."""

import json
import os
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import ROOT, ProcessTest

LICENCES = "/usr/share/common-licenses"


class ModelServer(ThreadingHTTPServer):
    """Judges by the claim in the prompt alone; remembers what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.server.requests.append((self.path, self.headers.get("authorization"), body))
            prompt = body["messages"][-1]["content"]
            verdict = {"verdict": "yes" if "patent licence" in prompt else "no", "confidence": 0.5}
            pieces = [{"choices": [{"index": 0, "delta": {"content": c}}]} for c in json.dumps(verdict)]
            pieces.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                           "usage": {"prompt_tokens": 100, "completion_tokens": 10}})
            stream = "".join(f"data: {json.dumps(x)}\n\n" for x in pieces) + "data: [DONE]\n\n"
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("content-length", str(len(stream)))
            self.end_headers()
            self.wfile.write(stream.encode())


@unittest.skipUnless(os.path.isdir(LICENCES), f"there is no {LICENCES}")
class Models(ProcessTest):
    def test_models_judge_where_a_base_url_is_set(self):
        server = ModelServer()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        data = self.folder / "data"
        done = self.troupe("run", ROOT / "examples/licence-review.yaml", "--data", data, "--select", "$.markdown",
                           "--input", json.dumps({"folder": LICENCES, "llm": True}), timeout=100,
                           environment={"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sesame"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| MPL-2.0 | yes (100 %) | no (100 %) | no (100 %) | no (100 %) |", done.stdout)
        self.assertEqual({x[0] for x in server.requests}, {"/v1/chat/completions"})
        self.assertEqual({x[1] for x in server.requests}, {"Bearer sesame"})
        report = json.dumps(self.json("report", "--data", data))
        self.assertIn(f'"tokens_in": {100 * len(server.requests)}', report)


if __name__ == "__main__":
    unittest.main()
