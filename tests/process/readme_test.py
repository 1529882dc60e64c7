"""The tour of README.md, as it stands there: its commands run, and print the lines that it quotes, in that order. It
quotes none with a time or an id."""

import pathlib
import re
import shlex
import unittest

from harness import ROOT, ProcessTest

PAGE = (ROOT / "README.md").read_text()
PROGRAM = "build/release/bin/troupe"
TEXTS = pathlib.Path("/usr/share/common-licenses")


def fenced(language=""):
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [text for of, text in blocks if of == language]


def tour():
    """{file of an example: (arguments, [quoted line, …])}"""
    out = {}
    for block in fenced():
        command, *lines = block.splitlines()
        if command.startswith(f"$ {PROGRAM} run examples/"):
            _, *arguments = shlex.split(command[2:])
            out[arguments[1]] = arguments, [x for x in lines if x]
    return out


def are_those_of_the_page():
    """The lines that are quoted count what is in the texts of Debian 12."""
    return TEXTS.is_dir() and sum(not x.is_symlink() for x in TEXTS.iterdir()) == 14


@unittest.skipUnless(are_those_of_the_page(), f"{TEXTS} is not that of Debian 12")
class Readme(ProcessTest):
    def run_there(self, _, file, *arguments):
        """`troupe run` as on the page, with a file of the repository, or of the test."""
        done = self.troupe("run", ROOT / file, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_the_tour_shows_both_teams(self):
        self.assertEqual(set(tour()), {"examples/research-assistant.yaml", "examples/content-pipeline.yaml"})

    def test_the_tour_prints_what_it_quotes(self):
        for example, (arguments, quoted) in tour().items():
            with self.subTest(example):
                done = self.run_there(*arguments)
                self.assertGreaterEqual(len(quoted), 5)
                printed = iter(done.stderr.splitlines() + done.stdout.splitlines())
                for line in quoted:
                    # A line that is cut is right as far as it goes.
                    cut = line.removesuffix("…")
                    found = any(x == line or (cut != line and x.startswith(cut)) for x in printed)
                    self.assertTrue(found, f"not there, or not in this order: {line}\n{done.stderr}\n{done.stdout}")

    def test_the_first_example_runs(self):
        (document,) = fenced("yaml")
        file = self.write("compare.yaml", document)
        (command,) = [x for x in PAGE.splitlines() if x.startswith(f"{PROGRAM} run compare.yaml")]
        _, run, _, *arguments = shlex.split(command)
        self.run_there(run, file, *arguments)


if __name__ == "__main__":
    unittest.main()
