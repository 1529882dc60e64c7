"""Holds deploy/ against systemd and Prometheus."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
UNIT = DEPLOY / "systemd" / "troupe@.service"
PROMETHEUS = DEPLOY / "prometheus"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class SystemdUnit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.unit = pathlib.Path(folder.name) / "troupe@w1.service"

    def write(self, text):
        # The command must exist for systemd-analyze; whether troupe is installed here is not the question.
        self.assertIn("/usr/bin/troupe ", text)
        self.unit.write_text(text.replace("/usr/bin/troupe ", "/bin/true "))

    def complaints(self):
        # Unknown keys are no failure to systemd-analyze: they show in its stderr only.
        return run("systemd-analyze", "verify", "--man=no", str(self.unit)).stderr

    def test_has_nothing_that_systemd_does_not_know(self):
        self.write(UNIT.read_text())
        self.assertEqual(self.complaints(), "")

    def test_would_be_caught_with_a_key_that_systemd_does_not_know(self):
        self.write(UNIT.read_text().replace("UMask=", "Umask="))
        self.assertIn("Umask", self.complaints())

    def test_leaves_little_open(self):
        self.write(UNIT.read_text())
        # 0 is closed, 10 is open; sockets alone account for 1.
        result = run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(self.unit))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_gives_a_node_more_time_to_stop_than_it_takes_by_itself(self):
        settings = dict(
            line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#")
        )
        default_grace = 10
        self.assertGreaterEqual(int(settings["TimeoutStopSec"]), 2 * default_grace)


class ScrapeConfiguration(unittest.TestCase):
    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_is_valid_and_finds_its_list_of_nodes(self):
        result = run("promtool", "check", "config", str(PROMETHEUS / "prometheus.yml"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertNotIn("WARNING", result.stdout + result.stderr)

    def test_lists_nodes_on_loopback_only(self):
        groups = json.loads((PROMETHEUS / "nodes.json").read_text())
        self.assertTrue(groups)
        for group in groups:
            for target in group["targets"]:
                self.assertTrue(target.startswith("127.0.0.1:"), target)


if __name__ == "__main__":
    unittest.main()
