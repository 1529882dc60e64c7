"""A server on loopback that speaks the protocol of OpenAI's chat completions. What it says, a function decides."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Calls(list):
    """Instead of a text: the tools that the model wants used, as (name, arguments)."""


def system_of(body):
    return "\n".join(x["content"] for x in body["messages"] if x["role"] == "system")


def question_of(body):
    return next(x["content"] for x in body["messages"] if x["role"] == "user")


def tool_answers(body):
    """What became of the tools that the model has used so far."""
    return [json.loads(x["content"]) for x in body["messages"] if x["role"] == "tool"]


class ModelServer(ThreadingHTTPServer):
    """Answers each request with `reply(body)`, a text or Calls; remembers what it was asked."""

    daemon_threads = True
    tokens_in = 100
    tokens_out = 10

    def __init__(self, reply):
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = reply
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def environment(self):
        return {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": "sesame"}

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append((self.path, self.headers.get("authorization"), body))
        said = self.server.reply(body)
        usage = {"prompt_tokens": self.server.tokens_in, "completion_tokens": self.server.tokens_out}
        if body.get("stream"):
            self.answer("text/event-stream", "".join(f"data: {json.dumps(x)}\n\n" for x in chunks(said, usage)) + "data: [DONE]\n\n")
        else:
            self.answer("application/json", json.dumps(whole(said, usage)))

    def answer(self, content_type, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def tool_calls(said):
    return [
        {"index": i, "id": f"call-{i}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for i, (name, arguments) in enumerate(said)
    ]


def whole(said, usage):
    called = isinstance(said, Calls)
    message = {"role": "assistant", "content": None if called else said}
    if called:
        message["tool_calls"] = tool_calls(said)
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if called else "stop"}
    return {"choices": [choice], "usage": usage}


def chunks(said, usage):
    """In small pieces, as servers send them."""

    def chunk(delta, reason=None):
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    if isinstance(said, Calls):
        for call in tool_calls(said):
            arguments = call["function"]["arguments"]
            yield chunk({"tool_calls": [{**call, "function": {"name": call["function"]["name"], "arguments": ""}}]})
            for at in range(0, len(arguments), 7):
                yield chunk({"tool_calls": [{"index": call["index"], "function": {"arguments": arguments[at : at + 7]}}]})
        yield {**chunk({}, "tool_calls"), "usage": usage}
        return
    for at in range(0, len(said), 7):
        yield chunk({"content": said[at : at + 7]})
    yield {**chunk({}, "stop"), "usage": usage}
