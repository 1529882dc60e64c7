"""The program as a shell sees it."""

import unittest

from harness import ProcessTest


class CommandLine(ProcessTest):
    def test_prints_its_version(self):
        done = self.troupe("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^troupe \d+\.\d+\.\d+\n$")
        self.assertIn("version", self.json("version"))

    def test_explains_itself(self):
        done = self.troupe("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("Exit codes", done.stdout)

    def test_refuses_an_unknown_command_and_names_the_nearest(self):
        self.assert_refused(self.troupe("versoin"), 'did you mean "version"?')

    def test_refuses_an_unknown_option_and_names_the_nearest(self):
        self.assert_refused(self.troupe("version", "--jsn"), "did you mean --json?")

    def test_refuses_no_command_at_all(self):
        self.assert_refused(self.troupe(), "Usage: troupe")

    def test_prints_completions_for_each_shell(self):
        for shell in ("bash", "zsh", "fish"):
            done = self.troupe("completions", shell)
            self.assertEqual(done.returncode, 0)
            self.assertIn("completions", done.stdout)
        self.assert_refused(self.troupe("completions", "tcsh"), "tcsh")


if __name__ == "__main__":
    unittest.main()
