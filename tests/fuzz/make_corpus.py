#!/usr/bin/env python3
"""Writes the seeds of the targets that read binary records (corpus/frames, corpus/journal, corpus/history), from text.
Needs protoc. The other seeds are texts, kept as they are."""

import json
import pathlib
import struct
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PROTO = HERE.parents[1] / "proto"


def encode(message, text):
    done = subprocess.run(
        ["protoc", f"--proto_path={PROTO}", f"--encode=troupe.v1.{message}", "troupe/v1/link.proto", "troupe/v1/run.proto"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout


def frame(body, flags=0):
    return struct.pack("<BBBBI", ord("T"), 1, flags, 0, len(body)) + body


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


HELLO = 'hello {protocol: "troupe/1" cluster: "troupe" name: "w1" boot_id: "b1" role: "worker" version: "1"}'
JOIN = """join_cluster {node {name: "w1" boot_id: "b1" roles: "worker" capacity: 4 kinds: "lua" labels {key: "zone" value: "a"}
  agents {name: "a" kind: "function"}}}"""
HEARTBEAT = 'heartbeat {node: "w1" boot_id: "b1" seq: 1 load {running: 1 queued: 2 cpu: 0.5}}'
RESULTS = """result_batch {
  results {run_id: "r" task: 0 attempt: 1 epoch: 1 status: TASK_STATUS_SUCCESS output {content_type: "application/json" data: "1"}}
  results {run_id: "r" task: 1 attempt: 1 epoch: 1 status: TASK_STATUS_REJECTED error {code: ERROR_CODE_RESOURCE_EXHAUSTED message: "full"}}
  results {run_id: "r" task: 2 attempt: 9 epoch: 7 status: TASK_STATUS_FAILED error {code: ERROR_CODE_AGENT_FAILED message: "no" retryable: true}}}"""
TASKS = """task_batch {agents {name: "a" kind: "lua" hash: "h"}
  tasks {run_id: "r2" task: 0 attempt: 1 epoch: 1 agent: "a" agent_hash: "h" priority: 3 placement {key: "zone" value: "a"}}}"""
CANCEL = 'cancel_batch {tasks {run_id: "r" task: 0 attempt: 1 reason: "enough"}}'
LEAVE = 'leave_cluster {node: "w1" boot_id: "b1" reason: "bye"}'
DRAIN = 'drain_node {node: "w1"}'


def frames():
    def envelope(body):
        return encode("Envelope", f'id: 1 to_boot_id: "boot" timeout_ms: 1000 {body}')

    def session(*bodies):
        return b"".join(frame(envelope(x)) for x in bodies)

    write("frames", "hello", b"\x01" + session(HELLO))
    write("frames", "session", b"\x01" + session(HELLO, JOIN, HEARTBEAT, RESULTS, LEAVE))
    write("frames", "drained", b"\x02" + session(HELLO, JOIN, DRAIN, TASKS, HEARTBEAT, CANCEL))
    write("frames", "byte-by-byte", b"\x03" + session(JOIN, RESULTS))
    body = envelope(RESULTS)
    cut = len(body) // 2
    write("frames", "in-pieces", b"\x01" + frame(body[:cut], 1) + session(HEARTBEAT) + frame(body[cut:], 3))
    write("frames", "huge-length", b"\x01" + struct.pack("<BBBBI", ord("T"), 1, 0, 0, 0xFFFFFFFF))
    write("frames", "many", b"\x01\x1e" + session(HEARTBEAT) + b"\x1e")


def journal():
    agents = {"w": {"kind": "lua", "script": "return 1"}}
    line = {"workflow": "line", "agents": agents, "steps": [{"id": "a", "agent": "w", "retry": {"maximum_attempts": 3}}]}
    fan = {
        "workflow": "fan",
        "agents": agents,
        "steps": [
            {"id": "f", "parallel": {"each": "$.input.x", "agent": "w", "aggregate": {"strategy": "merge_all"}}},
            {"id": "b", "agent": "w", "input": "$.steps.f", "timeout": "10s"},
        ],
    }

    def record(document, *events):
        text = json.dumps(json.dumps(document))
        submitted = '{at_ms: 1000 run_submitted {run_id: "r" workflow: "w" input: "{\\"x\\": [1, 2]}" seed: 1 machine_version: 1}}'
        all_events = " ".join(f"events {x}" for x in (submitted, *events))
        return encode(
            "RunDetails",
            f'summary {{run_id: "r" workflow: "w" definition_hash: "h" epoch: 1 owner: "o"}} definition: {text} {all_events}',
        )

    def done(task, attempt, data):
        return (
            f'{{at_ms: 2000 task_finished {{result {{run_id: "r" task: {task} attempt: {attempt} epoch: 1'
            f' status: TASK_STATUS_SUCCESS output {{data: "{data}"}}}}}}}}'
        )

    failed = """{at_ms: 1500 task_finished {result {run_id: "r" task: 0 attempt: 1 epoch: 1 status: TASK_STATUS_FAILED
      error {code: ERROR_CODE_AGENT_FAILED message: "no" retryable: true}}}}"""
    write("journal", "line", record(line, done(0, 1, "1")))
    write("journal", "retried", record(line, failed, "{at_ms: 9000 timer_fired {timer: 1}}", done(0, 2, "1")))
    write("journal", "resumed", record(line, '{at_ms: 1200 run_resumed {owner: "c2" epoch: 2}}', done(0, 2, "1")))
    write("journal", "cancelled", record(line, '{at_ms: 1200 run_cancel_requested {reason: "enough"}}'))
    write("journal", "fan", record(fan, done(0, 1, "1"), done(1, 1, "2"), '{task_lost {task: 2 attempt: 1 node: "w1"}}'))


def history():
    write("history", "answers", bytes([0, 1, 0, 1, 1, 2, 49, 49] * 40))
    write("history", "losses", bytes([7, 1, 0, 1, 0, 1, 0, 2, 1, 0] * 20))
    write("history", "takeovers", bytes([6, 1, 1, 6, 1, 2, 0, 1, 0, 1, 1, 1, 49] * 20))
    event = encode("RunEvent", "task_finished {result {task: 0 attempt: 1 epoch: 1 status: TASK_STATUS_SUCCESS}}")
    write("history", "strange-event", bytes([8, 0, len(event)]) + event)


frames()
journal()
history()
