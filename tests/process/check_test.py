"""`troupe check`: good documents drawn, bad ones refused with a place and a remedy, hostile ones refused in time."""

import json
import unittest

from harness import ProcessTest

GOOD = """\
workflow: review
agents:
  reader: {kind: lua, script: "return input"}
steps:
  - id: plan
    agent: reader
  - id: research
    parallel: {each: "$.steps.plan", agent: reader}
"""

SHARED = """\
workflow: pair
agents:
  author: {kind: lua, script: "return input", replicas: 1}
steps:
  - id: write
    team:
      agents:
        - {role: writer, agent: author}
        - {role: critic, agent: author}
"""


class Check(ProcessTest):
    def check(self, text, *arguments):
        return self.troupe("check", self.write("flow.yaml", text), *arguments, timeout=20)

    def test_prints_the_graph_of_a_good_document(self):
        done = self.check(GOOD)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("research", done.stdout)

    def test_draws_it_for_other_programs(self):
        self.assertIn("graph", self.check(GOOD, "-f", "mermaid").stdout)
        self.assertIn("digraph", self.check(GOOD, "-f", "dot").stdout)
        self.assertTrue(json.loads(self.check(GOOD, "--json").stdout)["valid"])

    def test_reads_standard_input(self):
        self.assertEqual(self.troupe("check", "-", stdin=GOOD).returncode, 0)

    def test_names_the_place_of_a_fault_and_the_nearest_key(self):
        done = self.check(GOOD.replace("    agent: reader", "    agnet: reader"))
        self.assert_refused(done, "flow.yaml:6:", "agnet", 'did you mean "agent"')

    def test_lists_faults_as_json(self):
        done = self.check(GOOD.replace("    agent: reader", "    agnet: reader"), "--json")
        self.assertEqual(done.returncode, 2)
        faults = json.loads(done.stdout)["faults"]
        self.assertTrue(any(x["line"] == 6 and "agnet" in x["place"] for x in faults), faults)

    def test_warns_of_a_team_without_a_goal_and_of_roles_that_share_too_little_room(self):
        done = self.check(SHARED)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("write", done.stdout)
        self.assertRegex(done.stderr, r"warning: \S*flow\.yaml:\d+:\d+: .*a team without `goal`; say what it is to reach")
        shared = r'the roles writer, critic share the agent "author", which has room for 1 of them on a node; give it `replicas: 2`'
        self.assertRegex(done.stderr, r"warning: \S*flow\.yaml:\d+:\d+: .*" + shared)
        warnings = json.loads(self.check(SHARED, "--json").stdout)["warnings"]
        self.assertEqual(sorted(x["line"] for x in warnings), [7, 8])

    def test_does_not_warn_of_a_team_with_a_goal_and_room_for_all_roles(self):
        good = SHARED.replace("      agents:\n", "      goal: a sentence\n      agents:\n")
        for room in ("replicas: 2", "concurrency: 2"):
            done = self.check(good.replace("replicas: 1", room))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.check(good.replace(", replicas: 1", "")).stderr, "", "it has room for both by itself")

    def test_refuses_a_file_that_is_not_there(self):
        self.assert_refused(self.troupe("check", self.folder / "none.yaml"), "none.yaml", "No such file")

    def test_refuses_an_agent_that_is_not_defined(self):
        self.assert_refused(self.check(GOOD.replace("    agent: reader", "    agent: raeder")), "raeder", "reader")

    def test_refuses_wrong_types(self):
        self.assert_refused(self.check(GOOD + "budget: [1]\norder: 7\n"), "order")

    def test_refuses_duplicate_keys(self):
        self.assert_refused(self.check(GOOD + "workflow: again\n"), "flow.yaml:9:", "workflow")

    def test_refuses_a_circle_of_steps(self):
        circle = GOOD.replace("  - id: plan\n    agent: reader", "  - id: plan\n    agent: reader\n    needs: [research]")
        self.assert_refused(self.check(circle), "plan", "research")

    def test_refuses_a_document_that_is_too_deep(self):
        self.assert_refused(self.check("[" * 100_000 + "]" * 100_000), "deep")
        self.assert_refused(self.check("{" + '"a":{' * 100_000 + "}" * 100_001), "deep")

    def test_refuses_a_document_that_is_too_large(self):
        self.assert_refused(self.check(GOOD + "# " + "x" * (5 << 20)), "4.0 MiB")

    def test_refuses_an_alias_bomb(self):
        bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for one, two in zip("abcdefgh", "bcdefghi"):
            bomb += f"{two}: &{two} [{', '.join(['*' + one] * 9)}]\n"
        self.assert_refused(self.check(bomb))

    def test_refuses_what_is_not_text(self):
        path = self.folder / "flow.yaml"
        path.write_bytes(bytes(range(256)) * 10)
        self.assert_refused(self.troupe("check", path), "flow.yaml")


if __name__ == "__main__":
    unittest.main()
