"""What people see of a team as text: `troupe watch` while it works, `troupe show` and `troupe report` afterwards."""

import re
import unittest

from harness import wait_until
from team_harness import TeamTest, lua, refining_team

# Two rounds. Per round the author asks once, is refused once, and writes two artifacts.
DOCUMENT = refining_team(
    finder=lua("return turn.kind == 'answer' and {trees = 3} or 'ash, elm, oak'"),
    author=lua(
        """
        local answer = team{op = "ask", to = "finder", content = "how many?"}
        team{op = "ask", to = "ghost", content = "boo"}
        team{op = "put", artifact = "notes", value = answer.content.trees .. " in round " .. turn.iteration}
        team{op = "decide", decision = "short words", reason = "they are read"}
        return "draft " .. turn.iteration
        """
    ),
    critic=lua("return turn.iteration == 1 and {verdict = 'revise', comments = 'longer'} or {verdict = 'approve'}"),
)


def round_of(iteration, turn):
    """What the author's turn and the critic's are told as, without what the critic says."""
    return [
        f"author begins turn {turn}: draft, iteration {iteration}",
        'author → finder asks: "how many?"',
        'finder → author answers: {"trees":3}',
        'author is refused ask: there is no teammate "ghost"; author may address finder',
        f'author writes notes version {iteration} (14 B): 3 in round {iteration}',
        "author decides: short words, because they are read",
        f"author writes draft version {iteration} (9 B): draft {iteration}",
        f"author ends turn {turn}: done",
        f"critic begins turn {turn + 1}: review, iteration {iteration}",
    ]


STORY = [
    "finder begins turn 1: research, iteration 1",
    "finder writes research version 1 (15 B): ash, elm, oak",
    "finder ends turn 1: done",
    *round_of(1, 2),
    "critic ends turn 3: revise: longer",
    'critic → author sends back: "longer"',
    *round_of(2, 4),
    "critic ends turn 5: approve",
    "the team is done after 5 turns in 2 iterations (approved)",
]


def told(text):
    """What a text says of the team, without the moments at which it happened."""
    return re.findall(r"^(?: *\+\S+(?: \S+)?  )?team: (?!started|succeeded)(.*)$", text, re.MULTILINE)


class TeamSeen(TeamTest):
    maxDiff = None

    def test_watch_and_show_tell_turns_messages_and_writes_with_version_and_author(self):
        coordinator = self.start_coordinator()
        run = self.submit(coordinator, DOCUMENT)
        # Nobody works yet, so the watcher misses nothing.
        watcher = self.start("watch", run, "--connect", coordinator.listen)
        for side in ("left", "right"):
            self.start_side(side, coordinator)
        wait_until(lambda: watcher.popen.poll() is not None, "the run ends", timeout=60)
        self.assertEqual(watcher.popen.returncode, 0, watcher.logged())
        self.assertEqual(told(watcher.logged()), STORY)
        self.assertEqual(self.nodes_of(coordinator, run), {"left", "right"})
        shown = self.troupe("show", run, "--connect", coordinator.listen)
        self.assertEqual(told(shown.stdout), STORY)

    def test_report_says_per_role_what_it_did(self):
        coordinator, _ = self.start_spread()
        outcome = self.run_on(coordinator, DOCUMENT)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        text = self.troupe("report", outcome["run_id"], "--connect", coordinator.listen).stdout
        head, *table = text.split("\nteam ", 1)[1].split("\n\n")[0].splitlines()
        self.assertEqual(head, "team: succeeded (approved, 2 iterations)")
        rows = [line.split()[:7] for line in table]
        self.assertEqual(
            rows,
            [
                ["ROLE", "TURNS", "ANSWERS", "ASKED", "ANSWERED", "WRITES", "REFUSED"],
                ["finder", "1", "2", "0", "2", "1", "0"],
                ["author", "2", "0", "2", "0", "4", "2"],
                ["critic", "2", "0", "0", "0", "0", "0"],
            ],
            text,
        )
        self.assertEqual(table[0].split()[7:], ["WORK", "WAITED", "TOKENS", "IN", "OUT", "USD"])


if __name__ == "__main__":
    unittest.main()
