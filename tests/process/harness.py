"""Real troupe processes on loopback, for tests: start, wait until ready, ask, kill. No test sleeps: whatever is waited
for has a deadline, and what does not come in time is a failure that shows the logs."""

import ctypes
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

TROUPE = os.environ.get("TROUPE", "build/dev/bin/troupe")
ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_TIMEOUT = 30.0
# How much slower than usual the build under test is (sanitizers); all patience is multiplied by it.
SLOWDOWN = float(os.environ.get("TROUPE_SLOWDOWN", "1"))

MIB = 1 << 20
# Sanitizers keep freed memory and shadow every byte.
MEMORY_FACTOR = 1 if SLOWDOWN <= 1 else 5

_libc = ctypes.CDLL(None)


def _die_with_parent():
    """In the child: a test that is killed leaves no processes behind."""
    PR_SET_PDEATHSIG = 1
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(condition, what, timeout=20.0, interval=0.02):
    """The first true value of `condition()`; fails when there is none in time."""
    deadline = time.monotonic() + timeout * SLOWDOWN
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(interval)


def high_water(pid):
    """VmHWM: the most memory that the process ever had, in bytes."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Process:
    """One troupe process. Its log is a file; its standard output is read line by line."""

    def __init__(self, arguments, log, environment=None, program=None):
        self.arguments = [str(x) for x in arguments]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as err:
            self.popen = subprocess.Popen(
                [*(program or [TROUPE]), *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                env={**os.environ, **(environment or {})},
                preexec_fn=_die_with_parent,
            )

    @property
    def pid(self):
        return self.popen.pid

    def read_line(self, timeout=READY_TIMEOUT):
        """The next line of its standard output."""
        deadline = time.monotonic() + timeout * SLOWDOWN
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.popen.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise AssertionError(f"troupe {' '.join(self.arguments)} said nothing within {timeout} s\n{self.logged()}")
                byte = os.read(self.popen.stdout.fileno(), 1)
                if not byte:
                    raise AssertionError(f"troupe {' '.join(self.arguments)} ended with {self.popen.wait(5)}\n{self.logged()}")
                line += byte
        return line.decode().rstrip("\n")

    def logged(self):
        return self.log.read_text(errors="replace")[-8000:]

    def signal(self, number):
        if self.popen.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        """kill -9; returns when the kernel has buried it."""
        self.signal(signal.SIGKILL)
        self.popen.wait(10)

    def stop(self, timeout=20.0):
        """SIGTERM; yields the exit code."""
        self.signal(signal.SIGTERM)
        return self.popen.wait(timeout * SLOWDOWN)

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(10)
        self.popen.stdout.close()


class Node(Process):
    """`troupe node …`, ready: `listen` and `metrics_address` are where it is."""

    def __init__(self, name, arguments, log, program=None, environment=None):
        super().__init__(["--name", name, *arguments], log, environment, program or [TROUPE, "node"])
        self.name = name
        line = self.read_line()
        if not line.startswith("ready "):
            raise AssertionError(f"{name}: {line}\n{self.logged()}")
        fields = dict(word.split("=", 1) for word in line.split()[1:])
        self.listen = fields.get("listen", "")
        self.metrics_address = fields.get("metrics", "")

    def metrics(self):
        """{'troupe_tasks_finished_total{status="success"}': 3.0, …}"""
        with urllib.request.urlopen(f"http://{self.metrics_address}/metrics", timeout=5 * SLOWDOWN) as answer:
            text = answer.read().decode()
        found = re.findall(r"^([a-zA-Z_:][^ ]*(?:\{.*\})?) ([^ \n]+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in found}


class ProcessTest(unittest.TestCase):
    """A folder of its own, and processes that do not outlive the test."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="troupe-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self._started = 0

    def start(self, *arguments, environment=None):
        self._started += 1
        process = Process(arguments, self.folder / f"process-{self._started}.log", environment)
        self.addCleanup(process.close)
        return process

    def start_node(self, name, *arguments, environment=None):
        log = self.folder / f"{name}.log"
        node = Node(name, [*arguments, "--metrics", "127.0.0.1:0"], log, environment=environment)
        self.addCleanup(node.close)
        return node

    def start_coordinator(self, name="c1", listen="127.0.0.1:0", role="coordinator", *arguments, environment=None):
        data = str(self.folder / f"{name}-data")
        return self.start_node(
            name, "--role", role, "--listen", listen, "--data", data, *arguments, environment=environment
        )

    def start_worker(self, name, coordinator, *arguments, environment=None):
        return self.start_node(name, "--role", "worker", "--join", coordinator.listen, *arguments, environment=environment)

    def start_cluster(self, workers=2):
        coordinator = self.start_coordinator()
        nodes = [self.start_worker(f"w{i + 1}", coordinator) for i in range(workers)]
        self.wait_for_nodes(coordinator, workers)
        return coordinator, nodes

    def wait_for_nodes(self, coordinator, count, state="up"):
        def all_there():
            listed = self.json("nodes", "--connect", coordinator.listen)["nodes"]
            return len([x for x in listed if x["state"] == state]) == count

        wait_until(all_there, f"{count} nodes that are {state}")

    def assert_memory(self, process, bound):
        """`bound` is for a build without sanitizers."""
        used = high_water(process.pid)
        print(f"{self.id().rsplit('.', 1)[-1]}: {used / MIB:.0f} MiB at most", file=sys.stderr)
        self.assertLess(used, bound * MEMORY_FACTOR)

    def in_background(self, work, count=1):
        """Threads that call `work(stopped)` until the test ends or `work` returns; yields what ends them."""
        stopped = threading.Event()
        threads = [threading.Thread(target=work, args=(stopped,), daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()

        def stop():
            stopped.set()
            for thread in threads:
                thread.join(30)

        self.addCleanup(stop)
        return stop

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return path

    def troupe(self, *arguments, stdin="", timeout=60.0, environment=None):
        """Runs a command to its end: .returncode, .stdout, .stderr."""
        clean = {key: value for key, value in os.environ.items() if key != "TROUPE_CONNECT"}
        return subprocess.run(
            [TROUPE, *[str(x) for x in arguments]],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout * SLOWDOWN,
            env={**clean, **(environment or {})},
            preexec_fn=_die_with_parent,
        )

    def json(self, *arguments, **options):
        """What a command prints with --json; it must succeed."""
        done = self.troupe(*arguments, "--json", **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def assert_refused(self, done, *words):
        """Bad input: exit code 2, nothing on the output, and an error that says these words."""
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertNotIn("terminate called", done.stderr)
