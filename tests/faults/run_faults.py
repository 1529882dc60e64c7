"""Breaks real clusters on purpose and prints the table of docs/reliability.md.

usage: run_faults.py [-n N] [--only TEXT…] [--fast] [--json FILE] [--table FILE] [--list]

Each fault is repeated N times (default 5; faults with variants once per variant, as often as there are), each time with
processes and a folder of its own. JSON lines, one per repetition, go to FILE. Exit code 1: something was lost, accepted
twice, done where it must not be, or too slow.
"""

import argparse
import json
import math
import pathlib
import sys
import traceback

import agent_faults  # noqa: F401
import client_faults  # noqa: F401
import clock_faults  # noqa: F401
import coordinator_faults  # noqa: F401
import network_faults  # noqa: F401
import store_faults  # noqa: F401
import worker_faults  # noqa: F401
from matrix import FAULTS, repeat
from world import Skip, World


def quantile(values, share):
    """The smallest value that is not below this share of them."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def times(values):
    known = [x for x in values if x is not None]
    if not known:
        return "–"
    return " / ".join(f"{quantile(known, share):.2f}" for share in (0.5, 0.95, 1.0))


def row(one, seen):
    cells = [
        one.name,
        str(len(seen)),
        times(x.detected for x in seen),
        times(x.recovered for x in seen),
        str(sum(x.lost for x in seen)),
        str(sum(x.accepted_twice for x in seen)),
        str(sum(x.repeated for x in seen)),
        str(sum(x.late for x in seen)),
    ]
    return "| " + " | ".join(cells) + " |"


HEAD = """\
| fault | n | detected, s (p50 / p95 / max) | recovered, s (p50 / p95 / max) | lost | accepted twice | effects repeated | late results refused |
| --- | --- | --- | --- | --- | --- | --- | --- |"""


def say(text):
    print(text, file=sys.stderr, flush=True)


class Runner:
    def __init__(self, given):
        self.given = given
        self.lines = open(given.json, "w", encoding="utf-8") if given.json else None
        self.rows = []
        self.failed = []

    def note(self, entry):
        if self.lines:
            self.lines.write(json.dumps(entry) + "\n")
            self.lines.flush()

    def run(self, one):
        seen = []
        count = self.given.n if one.variants == 1 else one.variants
        for repetition in range(count):
            try:
                found, took = repeat(one, repetition, World())
            except Skip as why:
                say(f"skipped: {one.name}: {why}")
                self.note({"fault": one.name, "skipped": str(why)})
                self.rows.append(f"| {one.name} | skipped: {why} | | | | | | |")
                return
            except Exception as why:  # One that fails must not hide the others.
                say(f"FAILED: {one.name} [{repetition}]: {why}\n{traceback.format_exc()}")
                self.note({"fault": one.name, "repetition": repetition, "failed": str(why)})
                self.failed.append(one.name)
                continue
            if found is None:
                # There are no more variants.
                break
            seen.append(found)
            say(f"{one.name} [{repetition}]: {found} in {took:.1f} s")
            rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in vars(found).items()}
            self.note({"fault": one.name, "repetition": repetition, "took": round(took, 3), **rounded})
        self.rows.append(row(one, seen) if seen else f"| {one.name} | failed | | | | | | |")

    def table(self):
        return "\n".join([HEAD, *self.rows]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=5, help="repetitions per fault")
    parser.add_argument("--only", nargs="+", default=[], metavar="TEXT", help="faults whose name contains one of these")
    parser.add_argument("--fast", action="store_true", help="only those of ./dev test")
    parser.add_argument("--json", metavar="FILE", help="write one JSON line per repetition")
    parser.add_argument("--table", metavar="FILE", help="write the table there, too")
    parser.add_argument("--list", action="store_true", help="names of the faults, what is measured, and the bounds")
    given = parser.parse_args()
    chosen = [
        x
        for x in FAULTS.values()
        if (not given.only or any(text in x.name for text in given.only)) and (x.fast or not given.fast)
    ]
    if given.list:
        for one in chosen:
            print(one.name)
            for what, words, bound in (
                ("detected", one.detected, one.detected_within),
                ("recovered", one.recovered, one.recovered_within),
            ):
                if words:
                    print(f"    {what}: {words}" + (f"; within {bound} s" if bound else ""))
        return 0
    if not chosen or given.n < 1:
        parser.error("no fault is called so" if not chosen else "-n must be 1 or more")
    runner = Runner(given)
    for one in chosen:
        runner.run(one)
    print(runner.table(), end="")
    if given.table:
        pathlib.Path(given.table).write_text(runner.table())
    if runner.failed:
        say(f"failed: {', '.join(sorted(set(runner.failed)))}")
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
