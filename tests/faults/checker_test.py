"""The checker finds what it is there to find: each rule, broken once."""

import tempfile
import unittest

import checker

ITEMS = ["item-0", "item-1"]


def entry(what, task, attempt=1, node="w1", item=None, key=None):
    return {
        "what": what,
        "key": key or f"run/{task}",
        "task_id": f"run/{task}",
        "attempt": attempt,
        "item": item or f"item-{task}",
        "node": node,
        "at": 0.0,
    }


def tried(task, attempt=1, node="w1"):
    return [entry("begun", task, attempt, node), entry("effect", task, attempt, node)]


def finished(task, attempt=1, node="w1", status="success", item=None):
    output = {"item": item or f"item-{task}"} if status == "success" else None
    result = {"task": task, "attempt": attempt, "node": node, "status": status, "output": output}
    return {"at_ms": 0, "task_finished": {"result": result}}


def lost(task, attempt=1, node="w1"):
    return {"at_ms": 0, "task_lost": {"task": task, "attempt": attempt, "node": node}}


RESUMED = {"at_ms": 0, "run_resumed": {"epoch": 2}}
COUNTED = {
    "troupe_tasks_dispatched_total": 2.0,
    "troupe_tasks_lost_total": 0.0,
    'troupe_runs_finished_total{state="succeeded"}': 1.0,
    "troupe_dispatcher_queue_depth": 0.0,
}


class Checker(unittest.TestCase):
    def check(self, ledger, events, metrics=None):
        return checker.check(ledger, {"events": events}, ITEMS, metrics)

    def assert_found(self, words, ledger, events, metrics=None):
        found = self.check(ledger, events, metrics).violations
        self.assertTrue(any(words in x for x in found), found)

    def test_finds_nothing_where_nothing_is_wrong(self):
        verdict = self.check(tried(0) + tried(1), [finished(0), finished(1)], COUNTED)
        self.assertEqual((verdict.violations, verdict.lost, verdict.repeated), ([], 0, 0))

    def test_allows_an_effect_to_be_repeated_after_a_loss(self):
        ledger = tried(0) + tried(1) + tried(1, attempt=2, node="w2")
        verdict = self.check(ledger, [finished(0), lost(1), finished(1, attempt=2, node="w2")])
        self.assertEqual((verdict.violations, verdict.repeated), ([], 1))

    def test_allows_an_effect_to_be_repeated_after_a_takeover(self):
        ledger = tried(0) + tried(1) + tried(1, attempt=2)
        self.assertEqual(self.check(ledger, [finished(0), RESUMED, finished(1, attempt=2)]).violations, [])

    def test_finds_a_lost_item(self):
        self.assertEqual(self.check(tried(0), [finished(0)]).lost, 1)
        self.assert_found("item-1 has no result", tried(0), [finished(0)])

    def test_finds_a_task_that_was_accepted_twice(self):
        self.assert_found("accepted twice", tried(0) + tried(1), [finished(0), finished(1), finished(1)])

    def test_finds_the_result_of_another_item(self):
        self.assert_found("item-0 has 2 results", tried(0) + tried(1), [finished(0), finished(1, item="item-0")])

    def test_finds_a_result_of_what_never_happened(self):
        self.assert_found("never happened", tried(0), [finished(0), finished(1)])
        self.assert_found("never happened", tried(0) + tried(1), [finished(0), finished(1, node="w2")])

    def test_finds_an_attempt_without_a_reason(self):
        ledger = tried(0) + tried(1) + tried(1, attempt=2)
        self.assert_found("nothing explains attempt 2", ledger, [finished(0), finished(1, attempt=2)])

    def test_finds_an_attempt_after_the_accepted_one(self):
        ledger = tried(0) + tried(1) + tried(1, attempt=2)
        self.assert_found("though an earlier one was accepted", ledger, [finished(0), lost(1), finished(1)])

    def test_finds_an_effect_that_happened_twice_in_one_attempt(self):
        self.assert_found("effect twice", tried(0) + tried(1) + tried(1), [finished(0), finished(1)])

    def test_finds_a_second_key(self):
        ledger = tried(0) + tried(1) + [entry("begun", 1, 2, key="another")]
        self.assert_found("several keys", ledger, [finished(0), lost(1), finished(1)])

    def test_finds_metrics_that_disagree(self):
        ledger, events = tried(0) + tried(1), [finished(0), finished(1)]
        self.assert_found("tasks lost", ledger, events, {**COUNTED, "troupe_tasks_lost_total": 1.0})
        self.assert_found("still wait", ledger, events, {**COUNTED, "troupe_dispatcher_queue_depth": 1.0})
        self.assert_found("dispatched", ledger, events, {**COUNTED, "troupe_tasks_dispatched_total": 1.0})

    def test_leaves_out_a_line_that_was_cut_off(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write('\n{"what": "begun"}\n\n{"what": "eff\n{"what": "effect"}\n\n{"what')
            file.flush()
            self.assertEqual(checker.read_ledger(file.name), [{"what": "begun"}, {"what": "effect"}])


if __name__ == "__main__":
    unittest.main()
