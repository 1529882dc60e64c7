"""`troupe workspace`: what a team writes, seen from outside of it, while it works, across a takeover, and afterwards."""

import json
import sys
import unittest

from harness import ROOT, ProcessTest, wait_until

AGENT = ROOT / "tests" / "process" / "team_agent.py"


class Workspace(ProcessTest):
    def setUp(self):
        super().setUp()
        self.record = self.folder / "record.jsonl"
        self.release = self.folder / "release"
        self.record.touch()

    def flow(self):
        """The writer's turn puts a draft and asks the researcher, who answers once the file `release` is there."""
        command = [sys.executable, str(AGENT), str(self.record), str(self.release)]
        return self.write(
            "team.json",
            {
                "workflow": "team",
                "agents": {
                    role: {"kind": "process", "command": command, "env": {"ROLE": role}}
                    for role in ("writer", "researcher")
                },
                "steps": [
                    {
                        "id": "write",
                        "team": {
                            "goal": "a number",
                            "agents": [
                                {"role": "writer", "writes": False, "interacts_with": ["researcher"]},
                                {"role": "researcher", "writes": "notes"},
                            ],
                        },
                    }
                ],
            },
        )

    def begun(self, coordinator):
        run = self.json("submit", self.flow(), "--connect", coordinator.listen)["run_id"]
        wait_until(lambda: '"answers"' in self.record.read_text(), "the researcher is asked", timeout=60)
        return run

    def ended(self, coordinator, run):
        done = self.troupe("watch", run, "--connect", coordinator.listen, "--json", timeout=90)
        self.assertEqual(done.returncode, 0, done.stderr)

    def follow(self, coordinator, run, *arguments):
        return self.start("workspace", run, "--connect", coordinator.listen, "--watch", "--json", *arguments)

    def until_ended(self, watcher):
        """All that a watcher prints, as objects."""
        lines = []
        while not lines or "ended" not in lines[-1]:
            lines.append(json.loads(watcher.read_line(90)))
        self.assertEqual(watcher.popen.wait(30), 0, watcher.logged())
        return lines

    def test_shows_a_team_at_work_and_afterwards_the_same_way(self):
        coordinator, _ = self.start_cluster(workers=2)
        run = self.begun(coordinator)
        at = ["--connect", coordinator.listen]
        now = self.json("workspace", run, *at)
        self.assertEqual(now["document"]["artifacts"], {"draft": "begun"})
        self.assertEqual(now["document"]["communication_log"][0]["type"], "request")
        self.assertNotIn("ended", now)
        self.release.touch()
        self.ended(coordinator, run)
        then = self.json("workspace", run, "write", *at)
        self.assertEqual(then["document"]["artifacts"], {"draft": "42 of them", "notes": "researcher was here"})
        self.assertEqual(then["ended"]["reason"], "phases")
        self.assertGreater(then["seq"], now["seq"])
        old = self.json("workspace", run, "--artifact", "draft", "--version", "1", *at)["artifact"]
        self.assertEqual((old["value"], old["version"]["author"], len(old["history"])), ("begun", "writer", 2))
        text = self.troupe("workspace", run, *at).stdout
        for words in ["goal        a number", "team        done after 2 turns", "draft           2  writer"]:
            self.assertIn(words, text)
        self.assertEqual(self.troupe("workspace", run, "--artifact", "draft", *at).stdout, "42 of them\n")
        self.assertIn("writer", self.troupe("workspace", run, "--artifact", "draft", "--history", *at).stdout)
        # Without a coordinator: from its journal.
        data = self.folder / "c1-data"
        self.assertEqual(self.json("workspace", run, "--data", data), then)
        past = self.until_ended(self.follow(coordinator, run))
        self.assertEqual([x["seq"] for x in past], [then["seq"]] * 2)

    def test_a_watcher_hears_of_every_change(self):
        coordinator, _ = self.start_cluster(workers=2)
        run = self.json("submit", self.flow(), "--connect", coordinator.listen)["run_id"]
        watcher = self.follow(coordinator, run)
        first = json.loads(watcher.read_line())
        self.release.touch()
        lines = [first, *self.until_ended(watcher)]
        self.assertEqual([x["seq"] for x in lines], list(range(lines[0]["seq"], lines[0]["seq"] + len(lines))))
        writes = [x["written"] for x in lines if "written" in x]
        self.assertEqual(writes[-1]["artifact"], "notes")
        self.assertEqual(lines[-1]["ended"]["completed"], True)

    def test_a_watcher_keeps_its_picture_when_the_coordinator_dies(self):
        coordinator, _ = self.start_cluster(workers=2)
        run = self.begun(coordinator)
        watcher = self.follow(coordinator, run)
        before = json.loads(watcher.read_line())
        self.assertEqual(before["document"]["document"]["artifacts"], {"draft": "begun"})
        listen = coordinator.listen
        coordinator.kill()
        again = self.start_coordinator(listen=listen)
        after = json.loads(watcher.read_line())
        self.assertEqual(after["document"]["document"], before["document"]["document"])
        self.assertEqual(after["seq"], before["seq"], "the same number means the same content")
        self.release.touch()
        lines = self.until_ended(watcher)
        self.assertEqual([x["seq"] for x in lines], list(range(after["seq"] + 1, after["seq"] + 1 + len(lines))))
        self.ended(again, run)

    def test_a_watcher_waits_for_the_team_to_begin(self):
        self.release.touch()
        coordinator = self.start_coordinator()
        flow = json.loads(self.flow().read_text())
        flow["agents"]["first"] = {"kind": "lua", "script": "return 1"}
        flow["steps"][0]["needs"] = ["first"]
        flow["steps"].insert(0, {"id": "first", "agent": "first"})
        file = self.write("waits.json", flow)
        run = self.json("submit", file, "--connect", coordinator.listen)["run_id"]
        # Nobody works yet: there is no worker.
        early = self.troupe("workspace", run, "--connect", coordinator.listen)
        self.assert_refused(early, "has no team yet", "--watch")
        watcher = self.follow(coordinator, run, "write")
        self.start_worker("w1", coordinator)
        lines = self.until_ended(watcher)
        self.assertEqual(lines[-1]["ended"]["reason"], "phases")

    def test_refuses_what_makes_no_sense(self):
        self.release.touch()
        coordinator = self.start_coordinator(role="coordinator,worker")
        done = self.troupe("run", self.flow(), "--connect", coordinator.listen, "--json")
        run = json.loads(done.stdout)["run_id"]
        at = ["--connect", coordinator.listen]
        self.assert_refused(self.troupe("workspace", run, "read", *at), "no team at read", "write")
        self.assert_refused(self.troupe("workspace", run, "--artifact", "x", *at), 'artifact "x"', "draft, notes")
        self.assert_refused(
            self.troupe("workspace", run, "--artifact", "draft", "--version", "9", *at), "no version 9", "1 to 2"
        )
        self.assert_refused(self.troupe("workspace", run, "--version", "9", *at), "--artifact")
        self.assert_refused(self.troupe("workspace", run, "--history", *at), "--artifact")
        self.assert_refused(self.troupe("workspace", run, "--watch", "--data", self.folder), "--connect")
        self.assert_refused(self.troupe("workspace", "none", *at), "none")
        self.assertIn("troupe workspace 01JD2M3V write --watch", self.troupe("workspace", "--help").stdout)


if __name__ == "__main__":
    unittest.main()
