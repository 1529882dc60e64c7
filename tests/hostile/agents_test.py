"""Agents that do what they should not, as programs and as services: each time the run says clearly what happened, the node
stays, its other agents are unharmed, and its memory stays bounded."""

import http.server
import json
import os
import socket
import socketserver
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "process"))

from harness import MIB, ProcessTest, is_running, wait_until  # noqa: E402

# A process agent may hold a line of 16 MiB, in a few copies while it is handed on.
MEMORY_BOUND = 256 * MIB

PRELUDE = """
import json, os, signal, subprocess, sys, time
task = json.loads(sys.stdin.readline())
id = task["task_id"]
out = sys.stdout.buffer
def say(**x):
    out.write(json.dumps({"task_id": id, **x}).encode() + b"\\n")
    out.flush()
"""


class HostileAgents(ProcessTest):
    def setUp(self):
        super().setUp()
        self.coordinator, (self.worker,) = self.start_cluster(workers=1)

    def run_beside_friends(self, agent, timeout="40s"):
        """Runs the agent's one task, with friends before, beside and after it on the same node: its result in the journal."""
        document = {
            "workflow": "hostile",
            "agents": {
                "bad": {**agent, "timeout": timeout},
                "lua": {"kind": "lua", "script": "return {n = input.n}"},
                "program": {
                    "kind": "process",
                    "command": [
                        sys.executable,
                        "-c",
                        "import json, sys\nfor line in sys.stdin:\n    task = json.loads(line)\n"
                        "    print(json.dumps({'task_id': task['task_id'], 'output': task['input']}), flush=True)",
                    ],
                },
            },
            "steps": [
                {"id": "bad", "agent": "bad", "on_error": "continue", "input": {"x": 1}},
                {"id": "beside", "parallel": {"each": list(range(50)), "agent": "program", "input": {"n": "$.item"}}},
                {"id": "lua", "parallel": {"each": list(range(50)), "agent": "lua", "input": {"n": "$.item"}}},
                {"id": "after", "needs": ["bad"], "agent": "program", "input": {"n": 1}},
            ],
        }
        done = self.troupe(
            "run", self.write("hostile.json", document), "--connect", self.coordinator.listen, "--json", timeout=90
        )
        told = json.loads(done.stdout) if done.stdout else {}
        self.assertIn(told.get("state"), ("succeeded", "partial"), done.stdout + done.stderr + self.worker.logged())
        self.assertIsNone(self.worker.popen.poll(), "the node is gone")
        self.assert_memory(self.worker, MEMORY_BOUND)
        events = self.json("show", told["run_id"], "--connect", self.coordinator.listen)["events"]
        results = [x["task_finished"]["result"] for x in events if "task_finished" in x]
        # Tasks are numbered in the order of their first start; the first step starts first.
        (bad,) = [x for x in results if x.get("task", 0) == 0]
        return bad

    def assert_fails(self, result, *words, code=None):
        self.assertNotEqual(result["status"], "success")
        for word in words:
            self.assertIn(word, result["error"]["message"])
        if code:
            self.assertIn(code, result["error"]["code"].lower())


class Programs(HostileAgents):
    def bad(self, script, **options):
        return self.run_beside_friends({"kind": "process", "command": [sys.executable, "-c", PRELUDE + script]}, **options)

    def test_an_output_of_100_mb(self):
        result = self.bad("say(output='x' * 100_000_000)\ntime.sleep(100)")
        self.assert_fails(result, "longer than 16777216 bytes", code="resource_exhausted")

    def test_many_lines_of_20_mb_together(self):
        result = self.bad("for _ in range(20_000):\n    say(progress='x' * 1_000)\nsay(output=1)", timeout="60s")
        self.assertEqual(result["status"], "success")

    def test_a_stream_without_end_or_newline(self):
        result = self.bad("while True:\n    out.write(b'x' * 65536)\n    out.flush()")
        self.assert_fails(result, "longer than", code="resource_exhausted")

    def test_lines_of_garbage_without_end(self):
        before = os.path.getsize(self.worker.log)
        result = self.bad("while True:\n    out.write(b'garbage\\n' * 1000)\n    out.flush()", timeout="3s")
        self.assert_fails(result, "did not answer", code="timed_out")
        # It must not fill the disk through the log either.
        self.assertLess(os.path.getsize(self.worker.log) - before, MIB)

    def test_errors_without_end(self):
        before = os.path.getsize(self.worker.log)
        result = self.bad(
            "if os.fork() == 0:\n    while True:\n        sys.stderr.write('complaint ' * 1000 + '\\n')\n"
            "time.sleep(1)\nsay(output=1)"
        )
        self.assertEqual(result["status"], "success")
        self.assertLess(os.path.getsize(self.worker.log) - before, 5 * MIB)

    def test_errors_without_end_or_newline(self):
        result = self.bad("if os.fork() == 0:\n    while True:\n        sys.stderr.write('x' * 65536)\ntime.sleep(1)\nsay(output=1)")
        self.assertEqual(result["status"], "success")

    def test_bytes_that_are_no_text(self):
        result = self.bad(
            "out.write(b'{\"task_id\": \"' + id.encode() + b'\", \"output\": \"\\xff\\xfe\"}\\n')\n"
            "out.write(b'\\0' * 100 + b'\\n')\nout.flush()\nsay(output='fine')"
        )
        self.assertEqual((result["status"], result["output"]), ("success", "fine"))

    def test_an_error_that_is_no_text(self):
        result = self.bad(
            "out.write(b'{\"task_id\": \"' + id.encode() + b'\", \"error\": {\"code\": \"\\\\u0000x\", \"message\": \"a\\\\u0000b\\\\ud83d\\\\ude00\"}}\\n')\n"
            "out.flush()\ntime.sleep(100)"
        )
        self.assert_fails(result, "b", code="agent_failed")

    def test_nesting_of_a_million(self):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            result = self.bad(
                f"out.write(b'{{\"task_id\": \"' + id.encode() + b'\", \"output\": ' + b'{opening}' * 1_000_000 + b'1'"
                f" + b'{closing}' * 1_000_000 + b'}}\\n')\nout.flush()\nsay(output='fine')"
            )
            self.assertEqual((result["status"], result["output"]), ("success", "fine"))

    def test_duplicate_keys(self):
        result = self.bad(
            "out.write(b'{\"task_id\": \"x\", \"task_id\": \"' + id.encode() + b'\", \"output\": 1, \"output\": 2}\\n')\n"
            "out.flush()\ntime.sleep(100)"
        )
        self.assertEqual((result["status"], result["output"]), ("success", 2))

    def test_answers_for_tasks_that_it_was_never_given(self):
        before = os.path.getsize(self.worker.log)
        result = self.bad(
            "run = id.split('/')[0]\n"
            "for i in range(10_000):\n"
            "    out.write(json.dumps({'task_id': f'{run}/{i + 1}', 'output': 'stolen'}).encode() + b'\\n')\n"
            "say(output='fine')"
        )
        self.assertEqual((result["status"], result["output"]), ("success", "fine"))
        self.assertLess(os.path.getsize(self.worker.log) - before, MIB)

    def test_two_answers(self):
        result = self.bad("say(output=1)\nsay(output=2)\nsay(error='no')\ntime.sleep(100)")
        self.assertEqual((result["status"], result["output"]), ("success", 1))

    def test_the_end_in_the_middle_of_a_line(self):
        result = self.bad("out.write(b'{\"task_id\": \"' + id.encode())\nout.flush()\nos._exit(3)")
        self.assert_fails(result, "status 3", code="agent_crashed")

    def test_closed_pipes(self):
        result = self.bad("os.close(1)\ntime.sleep(100)")
        self.assert_fails(result, "closed its output", code="agent_crashed")
        result = self.bad("os.close(0)\nsay(output=1)\ntime.sleep(100)")
        self.assertEqual(result["status"], "success")

    def test_one_that_will_not_go(self):
        result = self.bad("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True:\n    time.sleep(1)", timeout="1s")
        self.assert_fails(result, "did not answer", code="timed_out")

    def test_children_that_survive(self):
        pid_file = self.folder / "child.pid"
        result = self.bad(
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])\n"
            f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
            "os._exit(4)"
        )
        self.assert_fails(result, "status 4", code="agent_crashed")
        pid = int(pid_file.read_text())
        wait_until(lambda: not is_running(pid), "the child ends with its group")

    def test_children_in_a_session_of_their_own(self):
        # Out of our reach, but the pipes that it holds and floods must not matter.
        pid_file = self.folder / "child.pid"
        script = "import os, sys\nwhile True:\n    os.write(1, b'x' * 65536)"
        result = self.bad(
            f"child = subprocess.Popen([sys.executable, '-c', {script!r}], start_new_session=True)\n"
            f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
            "os._exit(4)"
        )
        self.assertNotEqual(result["status"], "success")
        # Nobody reads its pipe any more, and so it ends.
        pid = int(pid_file.read_text())
        wait_until(lambda: not is_running(pid), "the child ends of its broken pipe")


class Handler(socketserver.BaseRequestHandler):
    """Reads a request, then lets the test's function write what it likes."""

    def handle(self):
        self.request.settimeout(20)
        data = b""
        try:
            while b"\r\n\r\n" not in data:
                piece = self.request.recv(65536)
                if not piece:
                    return
                data += piece
            self.server.respond(self.request, self.server.stopped)
        except OSError:
            pass


class Services(HostileAgents):
    def bad(self, respond, **options):
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        server.daemon_threads = True
        server.block_on_close = False
        server.allow_reuse_address = True
        server.server_bind()
        server.server_activate()
        server.respond = respond
        server.stopped = threading.Event()
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            return self.run_beside_friends(
                {"kind": "http", "url": f"http://127.0.0.1:{server.server_address[1]}/"}, **options
            )
        finally:
            server.stopped.set()
            server.shutdown()
            server.server_close()

    HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

    def test_a_body_of_100_mb(self):
        def respond(to, _):
            to.sendall(self.HEAD + b"Content-Length: 100000000\r\n\r\n")
            for _ in range(1_600):
                to.sendall(b'"' + b"x" * 62_500)

        self.assert_fails(self.bad(respond), "larger than", code="resource_exhausted")

    def test_a_body_without_end(self):
        def respond(to, stopped):
            to.sendall(self.HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            while not stopped.is_set():
                to.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")

        self.assert_fails(self.bad(respond), "larger than", code="resource_exhausted")

    def test_headers_without_end(self):
        def respond(to, stopped):
            to.sendall(self.HEAD)
            while not stopped.is_set():
                to.sendall(b"X-More: " + b"x" * 1_000 + b"\r\n")

        self.assert_fails(self.bad(respond), "header")

    def test_one_byte_at_a_time(self):
        def respond(to, stopped):
            to.sendall(self.HEAD + b"Content-Length: 1000\r\n\r\n")
            while not stopped.wait(0.2):
                to.sendall(b" ")

        self.assert_fails(self.bad(respond, timeout="2s"), code="timed_out")

    def test_no_answer(self):
        self.assert_fails(self.bad(lambda _, stopped: stopped.wait(30), timeout="2s"), code="timed_out")

    def test_garbage(self):
        for data in (b"\xff" * 1_000, b"HTTP/1.1 9999999999 x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b""):
            with self.subTest(data[:30]):
                self.assert_fails(self.bad(lambda to, _, data=data: to.sendall(data)))

    def test_json_that_is_none(self):
        for body in (b"\xff\xfe", b"[" * 1_000_000, b'{"a": 1', b"\0", b"[" * 1_000_000 + b"]" * 1_000_000):
            with self.subTest(body[:8]):
                whole = self.HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
                self.assert_fails(self.bad(lambda to, _, whole=whole: to.sendall(whole)), code="invalid_output")

    def test_a_promise_that_is_not_kept(self):
        result = self.bad(lambda to, _: to.sendall(self.HEAD + b"Content-Length: 1000\r\n\r\n{"))
        self.assert_fails(result, code="unavailable")

    def test_an_error_page_of_100_mb(self):
        def respond(to, _):
            to.sendall(b"HTTP/1.1 500 no\r\nContent-Length: 100000000\r\n\r\n")
            for _ in range(1_600):
                to.sendall(b"\xff" * 62_500)

        self.assert_fails(self.bad(respond))


if __name__ == "__main__":
    unittest.main()
