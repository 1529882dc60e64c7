"""What tests of teams share: documents, members that do what the document says, nodes to which members are pinned, and
the workspace without what differs from run to run."""

import json

from harness import ProcessTest

# Does what its input says and reports what became of each: [{"value": …} or {"error": …, "code": …}, …].
PUPPET = """
local said = array{}
for _, op in ipairs(input.ops or array{}) do
  local value, why, code = team(op)
  if code then said[#said + 1] = {error = why, code = code} else said[#said + 1] = {value = value} end
end
return said
"""


def lua(script, **keys):
    return {"kind": "lua", "script": script, **keys}


def puppet(places=8, **keys):
    return lua(PUPPET, replicas=places, **keys)


def at(side):
    """Placement of a member or an agent: the worker on that side; where one node has both sides, that one."""
    return {side: "yes"}


def put(artifact, value, **keys):
    return {"op": "put", "artifact": artifact, "value": value, **keys}


def ask(to, content="?", **keys):
    return {"op": "ask", "to": to, "content": content, **keys}


def team_document(agents, team, name="t", **keys):
    """One team, whose output is the run's."""
    step = {"id": "team", "team": {"goal": "a test", **team}}
    return {"workflow": name, "agents": agents, "steps": [step], "output": "$.steps.team", **keys}


def refining_team(finder, author, critic):
    """A team over both sides: the author may ask the finder, the critic sends back to the author."""
    return team_document(
        {"finder": finder, "author": author, "critic": critic},
        {
            "agents": [
                {"role": "finder", "placement": at("right")},
                {"role": "author", "placement": at("left"), "interacts_with": ["finder"]},
                {"role": "critic", "placement": at("right"), "writes": False},
            ],
            "phases": [
                {"phase": "research", "roles": ["finder"]},
                {"phase": "draft", "roles": ["author"]},
                {"phase": "review", "roles": ["critic"]},
            ],
            "review": {"by": ["critic"], "back_to": "draft"},
        },
    )


def without_times(value):
    """The same without the moments at which things happened."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in ("timestamp", "created")}
    if isinstance(value, list):
        return [without_times(x) for x in value]
    return value


class TeamTest(ProcessTest):
    def start_alone(self):
        """One process that is all: coordinator, and worker of both sides."""
        return self.start_coordinator("alone", "127.0.0.1:0", "coordinator,worker", "--label", "left=yes", "--label", "right=yes")

    def start_spread(self, *arguments):
        """A coordinator and two workers, one on each side."""
        coordinator = self.start_coordinator("c1", "127.0.0.1:0", "coordinator", *arguments)
        workers = [self.start_side(side, coordinator) for side in ("left", "right")]
        self.wait_for_nodes(coordinator, 2)
        return coordinator, workers

    def start_side(self, side, coordinator):
        return self.start_worker(side, coordinator, "--label", f"{side}=yes")

    def run_on(self, coordinator, document, *arguments, timeout=90):
        """Runs a document (or a file) to its end; its outcome, and what was said on the way as `.said`."""
        file = document
        if isinstance(document, dict):
            self._documents = getattr(self, "_documents", 0) + 1
            file = self.write(f"document-{self._documents}.json", document)
        where = ["--connect", coordinator.listen] if coordinator else []
        done = self.troupe("run", file, *where, "--json", *arguments, timeout=timeout)
        self.assertTrue(done.stdout, done.stderr)
        outcome = Outcome(json.loads(done.stdout))
        outcome.said = done.stderr
        return outcome

    def output_of(self, coordinator, document, *arguments, timeout=90):
        outcome = self.run_on(coordinator, document, *arguments, timeout=timeout)
        self.assertEqual(outcome["state"], "succeeded", outcome.said)
        return outcome["output"]

    def show(self, coordinator, run):
        return self.json("show", run, "--connect", coordinator.listen)

    def submit(self, coordinator, document, *arguments):
        return self.json("submit", self.write("submitted.json", document), *arguments, "--connect", coordinator.listen)["run_id"]

    def watch(self, coordinator, run, timeout=90):
        done = self.troupe("watch", run, "--connect", coordinator.listen, "--json", timeout=timeout)
        self.assertTrue(done.stdout, done.stderr)
        return json.loads(done.stdout)

    def nodes_of(self, coordinator, run):
        """Who did tasks of a run."""
        events = self.show(coordinator, run)["events"]
        nodes = (x["task_finished"]["result"].get("node") for x in events if "task_finished" in x)
        return {x for x in nodes if x}


class Outcome(dict):
    said = ""
