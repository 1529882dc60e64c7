"""What nodes export for Prometheus, asked of a real one, against what the journal says and what docs/metrics.md lists."""

import collections
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from harness import ROOT, SLOWDOWN, Process, ProcessTest, wait_until

DEPLOY = ROOT / "deploy" / "prometheus"

# Answers; for "again" only the second time, and for "die" only when it has died of it once.
FLAKY = """
import json, sys
for line in sys.stdin:
    task = json.loads(line)
    answer = {"output": task["input"]}
    if task["attempt"] == 1 and task["input"] == "die":
        sys.exit(3)
    if task["attempt"] == 1 and task["input"] == "again":
        answer = {"error": {"code": "agent_failed", "message": "not the first time", "retryable": True}}
    print(json.dumps({"task_id": task["task_id"], **answer}), flush=True)
"""

AGENTS = {
    "counter": {
        "kind": "lua",
        "replicas": 2,
        "script": "if input.n == 13 then error('thirteen brings bad luck') end return {n = input.n}",
    },
    "flaky": {"kind": "process", "command": [sys.executable, "-c", FLAKY]},
}

FAN_OUT = {
    "workflow": "fan-out",
    "agents": AGENTS,
    "steps": [
        {
            "id": "all",
            "parallel": {
                "each": "$.input.numbers",
                "agent": "counter",
                "input": {"n": "$.item"},
                "aggregate": {"minimum_required": 30},
            },
        },
        {
            "id": "tries",
            "parallel": {
                "each": ["fine", "again", "die"],
                "step": {
                    "agent": "flaky",
                    "input": "$.item",
                    "retry": {"maximum_attempts": 4, "initial_interval": "10ms"},
                },
            },
        },
    ],
}

ONE = {"workflow": "one", "agents": AGENTS, "steps": [{"id": "one", "agent": "counter", "input": {"n": "$.input.n"}}]}


def documented():
    """{name: (type, labels, roles)} of the table in docs/metrics.md."""
    row = re.compile(r"^\| `(troupe_\w+)` \| (\w+) \| ((?:`\w+`(?:, )?)*) ?\| ([CW*]) \| .+ \|$", re.MULTILINE)
    found = row.findall((ROOT / "docs" / "metrics.md").read_text())
    return {name: (kind, frozenset(re.findall(r"\w+", labels)), role) for name, kind, labels, role in found}


def exported(page):
    """{name: (type, labels)} of the families of a page; labels of the exposition format itself are left out."""
    families = {}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE):
        suffix = "(?:_bucket|_sum|_count)?" if kind == "histogram" else ""
        labels = set()
        for inside in re.findall(rf"^{name}{suffix}(?:\{{(.*)\}})? ", page, re.MULTILINE):
            labels |= set(re.findall(r'(\w+)="', inside))
        families[name] = (kind, frozenset(labels - {"le", "quantile"}))
    return families


class Metrics(ProcessTest):
    def setUp(self):
        super().setUp()
        self.coordinator, self.workers = self.start_cluster(workers=2)
        self.nodes = [self.coordinator, *self.workers]

    def run_all(self):
        """A run that is done in part, one that fails and one that succeeds; their journals."""
        fan_out, one = self.write("fan_out.json", FAN_OUT), self.write("one.json", ONE)
        for document, given, code in (
            (fan_out, {"numbers": list(range(40))}, 3),
            (one, {"n": 13}, 1),
            (one, {"n": 1}, 0),
        ):
            done = self.troupe("run", document, "--input", json.dumps(given), "--connect", self.coordinator.listen)
            self.assertEqual(done.returncode, code, done.stderr)
        runs = self.json("runs", "--connect", self.coordinator.listen)["runs"]
        return [self.json("show", run["run_id"], "--connect", self.coordinator.listen) for run in runs]

    def pages(self):
        return {node.name: self.page(node) for node in self.nodes}

    def page(self, node):
        with urllib.request.urlopen(f"http://{node.metrics_address}/metrics", timeout=5 * SLOWDOWN) as answer:
            return answer.read().decode()

    # -- a real Prometheus

    def start_prometheus(self):
        """With the configuration of deploy/, which finds the nodes in a file; only faster."""
        home = self.folder / "prometheus"
        home.mkdir()
        text = (DEPLOY / "prometheus.yml").read_text()
        for setting in ("scrape_interval: 15s", "scrape_timeout: 10s"):
            self.assertIn(setting, text)
            text = text.replace(setting, setting.split(":")[0] + ": 1s")
        (home / "prometheus.yml").write_text(text)
        groups = json.loads((DEPLOY / "nodes.json").read_text())
        self.assertEqual([x["labels"]["node"] for x in groups], [x.name for x in self.nodes])
        for group, node in zip(groups, self.nodes):
            group["targets"] = [node.metrics_address]
        (home / "nodes.json").write_text(json.dumps(groups))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.prometheus = f"127.0.0.1:{free.getsockname()[1]}"
        process = Process(
            [
                f"--config.file={home / 'prometheus.yml'}",
                f"--storage.tsdb.path={home / 'data'}",
                f"--web.listen-address={self.prometheus}",
                "--log.level=warn",
            ],
            self.folder / "prometheus.log",
            program=["prometheus"],
        )
        self.addCleanup(process.close)

        def scrapes_all():
            self.assertIsNone(process.popen.poll(), process.logged())
            return self.ask('sum(up{job="troupe"})') == 3

        wait_until(scrapes_all, "Prometheus reads three nodes", timeout=60, interval=0.2)

    def ask(self, query, by=None):
        """The one number that the query yields (None without any), or with `by` a number for each value of a label."""
        url = f"http://{self.prometheus}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found = json.load(answer)["data"]["result"]
        except ConnectionError:
            return None
        except urllib.error.URLError as why:
            # Not there yet, or still reading its log.
            if isinstance(why, urllib.error.HTTPError) and why.code != 503:
                raise AssertionError(f"{query}: {why.read().decode()}") from why
            return None
        if by:
            return {x["metric"][by]: float(x["value"][1]) for x in found}
        self.assertLessEqual(len(found), 1, query)
        return float(found[0]["value"][1]) if found else None

    def wait_for_scrapes(self):
        """Until every node was read after this moment."""
        now = time.time()
        wait_until(lambda: self.ask("min(timestamp(up))") > now, "all nodes read again", timeout=30, interval=0.2)

    @unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed; ./dev setup does it")
    def test_prometheus_counts_what_the_journal_says(self):
        self.start_prometheus()
        journals = self.run_all()
        self.wait_for_scrapes()

        events = [event for journal in journals for event in journal["events"]]
        results = [x["task_finished"]["result"] for x in events if "task_finished" in x]
        # What the coordinator computes itself (an aggregation) ran on no node.
        results = [x for x in results if x["node"]]
        self.assertEqual(len(results), 40 + 5 + 1 + 1)

        def count(key):
            return dict(collections.Counter(map(key, results)))

        def nonzero(values):
            return {key: value for key, value in values.items() if value}

        def total(name, labels=""):
            return self.ask(f"sum({name}{labels})")

        # Tasks.
        finished = "troupe_tasks_finished_total"
        self.assertEqual(nonzero(self.ask(f"sum by (status) ({finished})", "status")), count(lambda x: x["status"]))
        self.assertEqual(nonzero(self.ask(f"sum by (node) ({finished})", "node")), count(lambda x: x["node"]))
        self.assertEqual(nonzero(self.ask(f"sum by (agent) ({finished})", "agent")), {"counter": 42, "flaky": 5})
        self.assertEqual(total("troupe_tasks_started_total"), len(results))
        self.assertEqual(total("troupe_tasks_dispatched_total"), len(results))
        self.assertEqual(total("troupe_tasks_retried_total"), len([x for x in results if x["attempt"] > 1]))
        self.assertEqual(total("troupe_tasks_retried_total"), 2)
        self.assertEqual(total("troupe_tasks_lost_total"), 0)
        self.assertEqual(total("troupe_tasks_rejected_total", '{reason="late"}'), 0)
        self.assertEqual(total("troupe_results_late_total"), 0)
        self.assertEqual(total("troupe_task_duration_seconds_count"), len(results))
        took = sum(int(x["timings"]["run_us"]) for x in results) / 1e6
        self.assertAlmostEqual(total("troupe_task_duration_seconds_sum"), took, places=3)
        self.assertEqual(total("troupe_task_queue_seconds_count"), len(results))
        self.assertEqual(total("troupe_dispatch_wait_seconds_count"), len(results))

        # Room.
        for idle in ("troupe_dispatcher_queue_depth", "troupe_dispatcher_outstanding", "troupe_host_queue_depth",
                     "troupe_host_running_tasks"):
            self.assertEqual(total(idle), 0, idle)
        self.assertGreater(total("troupe_host_credits"), 0)
        self.assertEqual(total("troupe_host_credits"), total("troupe_dispatcher_credits"))

        # Agents.
        self.assertLessEqual({"lua", "process"}, set(self.ask("sum by (kind) (troupe_agents_up)", "kind")))
        crashed = [x for x in results if x.get("error") and x["error"]["code"] == "agent_crashed"]
        self.assertEqual(len(crashed), 1)
        self.assertEqual(total("troupe_process_deaths_total"), len(crashed))
        self.assertEqual(total("troupe_supervisor_restarts_total"), 0)

        # Runs.
        states = dict(collections.Counter(x["summary"]["state"] for x in journals))
        self.assertEqual(nonzero(self.ask("sum by (state) (troupe_runs_finished_total)", "state")), states)
        self.assertEqual(states, {"partial": 1, "failed": 1, "succeeded": 1})
        self.assertEqual(total("troupe_runs_started_total"), 3)
        self.assertEqual(total("troupe_runs_active"), 0)
        self.assertEqual(total("troupe_run_duration_seconds_count"), 3)

        # The journal: each run's first event comes with the run, the others by appends.
        appends, commits = total("troupe_journal_appends_total"), total("troupe_journal_commits_total")
        self.assertEqual(total("troupe_journal_events_total"), len(events) - len(journals))
        self.assertEqual(total("troupe_journal_batch_events_sum"), len(events))
        self.assertGreaterEqual(appends + len(journals), commits)
        self.assertEqual(total("troupe_journal_append_seconds_count"), appends)
        self.assertEqual(total("troupe_journal_commit_seconds_count"), commits)
        self.assertEqual(total("troupe_journal_fsync_seconds_count"), commits)
        self.assertGreater(total("troupe_journal_fsync_seconds_sum"), 0)
        self.assertLess(total("troupe_journal_fsync_seconds_sum"), 60)
        self.assertEqual(total("troupe_journal_errors_total"), 0)

        # Processes.
        self.assertEqual(self.ask("count(process_resident_memory_bytes > 0)"), 3)
        self.assertEqual(self.ask("count(process_open_fds > 0)"), 3)

        # Nodes.
        self.assertEqual(nonzero(self.ask("sum by (state) (troupe_nodes)", "state")), {"up": 2})
        self.workers[1].kill()
        wait_until(
            lambda: self.ask('up{node="w2"}') == 0 and total("troupe_nodes", '{state="lost"}') == 1,
            "Prometheus sees the node that died",
            interval=0.2,
        )
        self.assertEqual(nonzero(self.ask("sum by (state) (troupe_nodes)", "state")), {"up": 1, "lost": 1})
        self.assertEqual(total("troupe_node_losses_total"), 1)

    # -- the pages themselves

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed; ./dev setup does it")
    def test_promtool_has_nothing_to_say(self):
        self.run_all()
        for name, page in self.pages().items():
            with self.subTest(name):
                done = subprocess.run(
                    ["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=30
                )
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_docs_list_every_metric_and_no_other(self):
        journals = self.run_all()
        listed = documented()
        self.assertGreater(len(listed), 40)
        for name, page in self.pages().items():
            for family, (kind, labels) in exported(page).items():
                if not family.startswith("troupe_"):
                    self.assertRegex(family, "^process_")
                    continue
                with self.subTest(node=name, metric=family):
                    self.assertTrue(family in listed, "is not in docs/metrics.md")
                    expected_kind, expected_labels, role = listed[family]
                    self.assertEqual((kind, labels), (expected_kind, expected_labels))
                    self.assertIn(role, ("*", "C" if name == "c1" else "W"))
            # Labels with an id grow for ever.
            for journal in journals:
                self.assertNotIn(journal["summary"]["run_id"], page)
        # Some need an accident to show up: that they exist is seen in the sources.
        sources = [x for folder in ("actors", "nodes") for x in (ROOT / folder).rglob("*.cpp")]
        named = {x for source in sources for x in re.findall(r'"(troupe_[a-z_]+)"', source.read_text())}
        self.assertEqual(set(listed), named)


if __name__ == "__main__":
    unittest.main()
