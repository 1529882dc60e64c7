"""The installed package: find_package(troupe), the example programs against it, and what they do in a cluster."""

import json
import os
import re
import subprocess
import unittest

from harness import ROOT, SLOWDOWN, Node, ProcessTest

PAGE = (ROOT / "docs" / "agents.md").read_text()
BUILD = os.environ.get("TROUPE_BUILD", "build/dev")


def cache_entries(build, *names):
    """NAME=VALUE of the given ones that are set in a build."""
    found = []
    for line in (ROOT / build / "CMakeCache.txt").read_text().splitlines():
        key, _, value = line.partition("=")
        if key.partition(":")[0] in names and value:
            found.append(f"{key.partition(':')[0]}={value}")
    return found


class Package(ProcessTest):
    def run_tool(self, *command):
        done = subprocess.run([str(x) for x in command], capture_output=True, text=True, timeout=400 * SLOWDOWN)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-4000:])

    def build_example(self, name):
        build = self.folder / name
        source = ROOT / "examples" / name
        # A sanitizer is in all parts of a program, or in none.
        alike = [f"-D{x}" for x in cache_entries(BUILD, "CMAKE_CXX_FLAGS", "CAF_ROOT")]
        prefix = f"-DCMAKE_PREFIX_PATH={self.folder / 'installed'}"
        self.run_tool("cmake", "-S", source, "-B", build, "-G", "Ninja", prefix, *alike)
        self.run_tool("cmake", "--build", build)
        return build

    def test_programs_outside_of_the_tree_use_the_libraries(self):
        self.run_tool("cmake", "--install", BUILD, "--prefix", self.folder / "installed")
        client = self.build_example("client") / "client_example"
        custom_agent = self.build_example("custom_agent") / "custom_agent"

        coordinator = self.start_coordinator(role="coordinator,worker")
        greeter = Node(
            "greeter", ["--role", "worker", "--join", coordinator.listen, "--label", "oaks=yes"], self.folder / "greeter.log", [str(custom_agent)]
        )
        self.addCleanup(greeter.close)
        self.wait_for_nodes(coordinator, 2)

        done = self.troupe("send", "greet", '{"name": "Ada"}', "--connect", coordinator.listen, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("hello, Ada", done.stdout)
        self.assertIn('"greeter"', done.stdout)

        # Members of a team: docs/agents.md shows them.
        for writer in ("oak_function", "oak_actor"):
            document = re.search(r"^```yaml\n(workflow: oaks\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1]
            agent = f'{{kind: function, function: {writer}, placement: {{oaks: "yes"}}}}'
            file = self.write("oaks.yaml", document.replace("{kind: process, command: [python3, writer.py]}", agent))
            done = self.troupe("run", file, "--connect", coordinator.listen, "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["output"], "Oaks become 300 years old.")
            self.assertIn("researcher → writer answers: 300", done.stderr)

        done = subprocess.run([client, coordinator.listen], capture_output=True, text=True, timeout=60 * SLOWDOWN)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("hello, Grace", done.stdout)
        self.assertIn("keywords", done.stdout)


if __name__ == "__main__":
    unittest.main()
