#!/usr/bin/env python3
"""Holds `engine ask` and `engine chat` in a terminal against a scripted model server: tests/terminal.py ENGINE PROJECT

An answer is shown while it comes, its citations filled in; one that is mended is told from what stood there before; Ctrl-C
stops an answer and not the conversation. The last line is `N passed, N failed`."""
import http.server
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time

SECONDS = 120
QUESTION = "Was the Facebook holiday 2025 campaign profitable?"
CITED = "It made [[steps.roi.output.net_profit | usd]]. Go on."
FILLED = "It made $44,104. Go on."


class Server(http.server.ThreadingHTTPServer):
    """Answers the step `answer` with the texts of `script`, in turn: pieces, an Event between two of which is waited for."""

    daemon_threads = True

    def __init__(self, script):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.answers = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not body.get("stream"):
            schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
            text = json.dumps(smallest(schema)) if schema else "Fine."
            message = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": text}}],
                       "usage": {"prompt_tokens": 10, "completion_tokens": 10}}
            data = json.dumps(message).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        pieces = self.server.script[min(self.server.answers, len(self.server.script) - 1)]
        self.server.answers += 1
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        try:
            for piece in pieces:
                if isinstance(piece, threading.Event):
                    piece.wait(SECONDS)
                    continue
                self.event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
            self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            self.event({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 10}})
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            pass  # it was stopped
        self.close_connection = True

    def event(self, data):
        self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()


def smallest(schema):
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: smallest(inner) for name, inner in schema.get("properties", {}).items()}
    return {"array": [], "boolean": True, "number": 1, "integer": 1}.get(kind, "words")


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, command, folder, server):
        ours, theirs = pty.openpty()
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "OPENAI_API_KEY": "sk-none",
                       "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}/v1"}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
                                        start_new_session=True, preexec_fn=lambda: os.set_inheritable(theirs, True))
        os.close(theirs)
        self.ours, self.seen = ours, ""

    def until(self, text):
        """Reads until a text is seen; whether it was."""
        end = time.monotonic() + SECONDS
        while text not in self.screen():
            if time.monotonic() > end or not self.read(end - time.monotonic()):
                return text in self.screen()
        return True

    def read(self, seconds):
        ready, _, _ = select.select([self.ours], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            data = os.read(self.ours, 65536)
        except OSError:
            return False  # the command has ended
        self.seen += data.decode(errors="replace")
        return bool(data)

    def screen(self):
        """What was written, without the marks that move the cursor or colour."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.seen).replace("\r", "")

    def type(self, text):
        os.write(self.ours, text.encode())

    def end(self):
        while self.read(SECONDS):
            pass
        return self.process.wait(SECONDS)


def streams(engine, folder):
    shown = threading.Event()
    server = Server([["It", " made [", "[steps.roi.output.net", shown, "_profit | usd]", "]. Go", " on."]])
    terminal = Terminal([engine, "ask", QUESTION], folder, server)
    early = terminal.until("It made")
    held = "[" not in terminal.screen().split("It made")[-1]
    shown.set()
    code = terminal.end()
    screen = terminal.screen()
    return {
        "the answer is shown before it is whole": early,
        "a citation is held back until it is one": held,
        "it is filled in, and shown once": screen.count(FILLED) == 1 and "[[" not in screen,
        "what it rests on follows": "figures" in screen.split(FILLED)[-1],
        "it succeeds": code == 0,
    }


def mends(engine, folder):
    server = Server([["It made [[steps.nothing.output.x]]."], [CITED]])
    terminal = Terminal([engine, "ask", QUESTION], folder, server)
    code = terminal.end()
    screen = terminal.screen()
    before, _, after = screen.partition("the answer begins again")
    return {
        "a mended answer is told from what was shown": "[unknown: steps.nothing.output.x]" in before and FILLED in after,
        "the mended one stands once": after.count("Go on.") == 1,
        "mending succeeds": code == 0,
    }


def pipes(engine, folder):
    server = Server([[CITED]])
    environment = {"PATH": os.environ["PATH"], "OPENAI_API_KEY": "sk-none",
                   "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}/v1"}
    ran = subprocess.run([engine, "ask", QUESTION], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
    return {"a pipe gets the answer once, as it was judged": ran.stdout.startswith("Fine.\n")}


def chats(engine, folder):
    begun, never = threading.Event(), threading.Event()
    server = Server([[CITED], ["It will", never, " never end."], ["And", begun, " again."]])
    terminal = Terminal([engine, "chat"], folder, server)
    results = {"chat asks for a line": terminal.until("> ")}
    terminal.type(QUESTION + "\r")
    results["an answer of a chat is shown"] = terminal.until(FILLED) and terminal.until("is succeeded") or "succeeded" in terminal.screen()
    terminal.type("What about Instagram?\r")
    results["the next one begins"] = terminal.until("It will")
    # What the keyboard's Ctrl-C does where the terminal is the process's own.
    os.killpg(terminal.process.pid, 2)
    results["Ctrl-C stops the answer"] = terminal.until("cancelled") or terminal.until("interrupted")
    never.set()
    terminal.type("And TikTok?\r")
    results["and not the conversation"] = terminal.until("And")
    begun.set()
    results["of which nothing more is told"] = "was checked" not in terminal.screen()
    results["which goes on"] = terminal.until("And again.")
    terminal.type("/exit\r")
    results["and ends"] = terminal.end() == 0
    return results


def main(engine, project):
    passed = failed = 0
    for check in (streams, mends, pipes, chats):
        with tempfile.TemporaryDirectory() as folder:
            for part in ("engine.yaml", "agents", "tools", "workflows", "data"):
                source = pathlib.Path(project, part)
                (shutil.copytree if source.is_dir() else shutil.copy)(source, pathlib.Path(folder, part))
            for what, held in check(engine, folder).items():
                passed, failed = passed + bool(held), failed + (not held)
                if not held:
                    print(f"failed: {what}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2]))
