#!/usr/bin/env python3
"""Runs the engine on servers that are made with the official SDK of MCP, started by it or asked over HTTP on loopback.

    python3 tests/mcp_servers.py ENGINE PYTHON [-v]

PYTHON has the SDK. What tools give, refuse and break is the same over pipes and over HTTP, whether the server streams its answers,
keeps sessions or not; over HTTP, servers that are no MCP servers, and what happens to the token, come on top.
"""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))
import scripts
from obedient import HOSTILE, ORDER, Obedient, outside
from scripts import check, ended, free_port, holds, wait_for

TOKEN = "sesame-open-up"
# No check waits for it to pass; a loaded machine may need as much to start a server.
LONG = "90s"
SERVER = pathlib.Path(__file__).parent / "support/mcp_server.py"


def tool(name, params=None, returns=None, more=None, **mcp):
    """A tool of the server `crm`."""
    kind = lambda value: value if isinstance(value, dict) else {"type": value}
    written = {"name": name, "description": f"Calls {name}.", "mcp": {"server": "crm", "tool": name, **mcp}, **(more or {})}
    if params:
        written["params"] = {param: kind(value) for param, value in params.items()}
    if returns:
        written["returns"] = returns
    return written


TOOLS = [
    tool("search", {"name": "string", "limit": {"type": "integer", "default": None}}, "row"),
    tool("customers", {"most": {"type": "integer", "default": 3}}, "rows"),
    tool("count", returns="value"),
    tool("note", returns="rows"),
    tool("words", returns="value"),
    tool("picture"),
    tool("refuse", {"name": "string"}),
    tool("crash"),
    tool("environment", returns="value"),
    tool("slow", {"seconds": "number"}, "value"),
    tool("huge", {"bytes": "integer"}, "value"),
    tool("wipe", {"what": "string"}, more={"effect": "write"}),
    tool("hostile"),
]


class Project(scripts.Project):
    """A project with the server, what the server keeps beside it, and what the engine showed."""

    def __init__(self, engine, folder, server, more=None):
        super().__init__(engine, folder, CRM_TOKEN=TOKEN, OTHER_SECRET="never")
        self.log, self.fault, self.said = folder / "log", folder / "fault", folder / "said"
        self.log.touch(), self.fault.touch()
        self.shown = []
        self.write("engine.yaml", {"mcp": {"crm": server}, **(more or {})})
        self.write("tools/crm.yaml", {"tools": TOOLS})

    def run(self, *arguments):
        code, out, err = super().run(*arguments)
        self.shown.append(out + err)
        return code, out, err

    def steps(self, *steps, arguments=()):
        """What steps give: their output, or their fault. A step is a tool, its arguments and further keys."""
        steps = [{"id": f"{name}{number}", "tool": name, "with": given, "timeout": LONG, **more} for number, (name, given, more) in enumerate(steps)]
        outputs = {step["id"]: "{{ steps.%s.output }}" % step["id"] for step in steps}
        self.write("workflows/w.yaml", {"name": "w", "description": "Looks.", "steps": steps, "outputs": outputs})
        _, out, err = self.run("run", "workflows/w.yaml", "--json", "--quiet", *arguments)
        try:
            outcome = json.loads(out)
        except ValueError:
            return [out + err] * len(steps)
        found = {step["id"]: step for step in outcome["steps"]}
        self.attempts = [step["attempts"] for step in outcome["steps"]]
        return [found[step["id"]]["error"] or outcome["outputs"][step["id"]] for step in steps]

    def step(self, name, given=None, arguments=(), **more):
        return self.steps((name, given or {}, more), arguments=arguments)[0]

    def lines(self, word):
        """Lines of the server's log that begin so."""
        return [line for line in self.log.read_text().splitlines() if line.startswith(word)]

    def leaks(self):
        """Where the token stands that nobody is to see."""
        kept = [(str(path), path.read_bytes()) for path in (self.folder / ".engine").glob("*") if path.is_file()]
        kept.append(("what was shown", "".join(self.shown).encode()))
        return [name for name, data in kept if TOKEN.encode() in data]


class Served:
    """A server on a port of its own, started again whenever it ends."""

    def __init__(self, python, words, environment):
        self.port = free_port()
        self.command, self.environment = [python, SERVER, "http", str(self.port), *words], environment
        self.over, self.process = False, None
        self.thread = threading.Thread(target=self.keep)
        self.thread.start()
        wait_for(self.port, "the server")

    def keep(self):
        while not self.over:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.process.wait()

    def stop(self):
        self.over = True
        self.process.kill()
        self.thread.join()


def gives(project, way):
    """What tools give, whatever the way to the server."""
    row = {"customer": "Acme", "revenue_usd": 1250.5}
    rows = [{"customer": f"c{number}", "revenue_usd": number * 0.5} for number in range(3)]
    found = project.steps(
        ("search", {"name": "Acme"}, {}), ("customers", {}, {}), ("count", {}, {}), ("note", {}, {}), ("words", {}, {}),
        ("picture", {}, {}), ("refuse", {"name": "Bcme"}, {"retry": {"max_attempts": 3, "delay": "1ms"}}), ("crash", {}, {}), ("hostile", {}, {}))
    check(f"{way}: a structured answer", found[0], row)
    check(f"{way}: a list, which the SDK wraps", found[1], rows)
    check(f"{way}: a number, which the SDK wraps", found[2], 42)
    check(f"{way}: a text that is JSON", found[3], [{"id": 7}, {"id": 8}])
    check(f"{way}: several texts, without the token", found[4], "first\nsecond, with [secret]")
    holds(f"{way}: no text", found[5], "not-text", "images and sounds")
    holds(f"{way}: a refusal in the server's words", found[6], "tool-error", "no customer is called Bcme; the token was [secret]")
    check(f"{way}: a refusal is not asked for again", len(project.lines("call refuse")), 1)
    holds(f"{way}: a mistake of the server", found[7], "tool-error", "crash")
    check(f"{way}: data is data", found[8], project.said.read_text())
    check(f"{way}: one server for all of them", len(project.lines("start")), 1)


def listed(project, way):
    """What the server offers is told, and held against the files."""
    code, out, _ = project.run("tools", "--online")
    holds(f"{way}: tools --online", (code, out), "(0,", "called by `search`", "Finds a customer.", "changes something")
    code, out, _ = project.run("tools", "--online", "--json")
    check(f"{way}: all of them", sorted(offer["tool"] for offer in json.loads(out)["offers"]), sorted(one["name"] for one in TOOLS))
    code, _, err = project.run("validate", "--online")
    check(f"{way}: the tools are what the server offers", (code, err if code else ""), (0, ""))
    wrong = [
        (tool("serch", {"name": "string"}), "unknown-tool", "did you mean `search`"),
        (tool("search", {"name": "integer"}), "type-mismatch", "wants string for `name`"),
        (tool("search", {"name": "string", "limit": {"type": "array", "default": None}}), "type-mismatch", "wants integer for `limit`"),
        (tool("refuse"), "missing-argument", "wants `name`"),
        (tool("wipe", {"what": "string"}), "write-without-approval", "changes something"),
    ]
    kept = (project.folder / "tools/crm.yaml").read_text()
    project.write("tools/crm.yaml", {"tools": [dict(one, name=f"wrong{number}") for number, (one, *_) in enumerate(wrong)]})
    code, out, err = project.run("validate", "--online", "--format", "json")
    told = json.loads(out)["diagnostics"]
    for one, rule, words in wrong:
        found = [d for d in told if d["code"] == rule and words in d["message"] + (d["help"] or "")]
        check(f"{way}: validate --online: {words}", (len(found), code), (1, 2))
    (project.folder / "tools/crm.yaml").write_text(kept)


def breaks(project, way):
    """Servers that die, hang and say too much, and calls that need consent."""
    again = {"retry": {"max_attempts": 80, "delay": "1s", "backoff": 1}}
    project.fault.write_text("search")
    starts = len(project.lines("start"))
    found = project.steps(("search", {"name": "Acme"}, again), ("search", {"name": "Bcme"}, {**again, "needs": ["search0"]}))
    check(f"{way}: a server that died is there again", [one.get("customer", one) for one in found], ["Acme", "Bcme"])
    check(f"{way}: it was asked again", (project.attempts[0] > 1, project.attempts[1]), (True, 1))
    check(f"{way}: and started again", len(project.lines("start")) - starts, 2 if way == "pipes" else 1)
    began = time.monotonic()
    once = {"needs": ["count0"], "retry": {"max_attempts": 1}}
    found = project.steps(("count", {}, {}), ("slow", {"seconds": 80}, {**once, "timeout": "1s"}), ("slow", {"seconds": 3}, once))
    holds(f"{way}: a slow answer ends with its time", found[1], "timeout", "within 1s")
    check(f"{way}: and nobody else's", found[2], "done")
    check(f"{way}: at once", time.monotonic() - began < 80, True)
    found = project.steps(("huge", {"bytes": 9_000_000}, {"retry": {"max_attempts": 1}}), ("huge", {"bytes": 100_000}, {"retry": {"max_attempts": 3, "delay": "100ms"}}))
    holds(f"{way}: an answer beyond 8 MiB", found[0], "connection")
    check(f"{way}: an answer below", len(found[1]), 100_000)
    holds(f"{way}: a write needs consent", project.step("wipe", {"what": "all"}), "write-without-approval")
    check(f"{way}: nothing was written", project.lines("call wipe"), [])
    check(f"{way}: with consent it is", project.step("wipe", {"what": "Acme"}, ["--allow-write"]), "wiped")
    check(f"{way}: once", project.lines("call wipe"), ["call wipe Acme"])


def obeys(project, way):
    """Hostile answers against a model that obeys whatever it reads."""
    model = Obedient()
    project.environment |= {"OPENAI_API_KEY": "sk-the-key-of-the-house", "OPENAI_BASE_URL": model.url}
    project.write("engine.yaml", json.loads((project.folder / "engine.yaml").read_text()) | {
        "default_model": "m", "models": {"m": {"provider": "openai", "model": "obedient", "api_key_env": "OPENAI_API_KEY"}}})
    look = {"id": "look", "tool": "hostile"}
    ask = {"id": "answer", "agent": {"role": "Clerk", "goal": "Sum up", "tools": ["hostile", "count", "wipe"]}, "prompt": "Sum up: {{ steps.look.output }}"}
    project.write("workflows/w.yaml", {"name": "w", "description": "Asks.", "steps": [look, ask], "outputs": {"answer": "{{ steps.answer.output }}"}})
    writes = project.lines("call wipe")
    code, out, err = project.run("run", "workflows/w.yaml", "--json")
    check(f"{way}: an obedient model ends well", (code, err if code else ""), (0, ""))
    holds(f"{way}: its answer is no template", json.loads(out)["outputs"]["answer"], "{{ params.note }}")
    check(f"{way}: it is offered no write", {one["function"]["name"] for request in model.seen for one in request.get("tools", [])}, {"hostile", "count"})
    check(f"{way}: it writes nothing", project.lines("call wipe"), writes)
    texts = [outside(text) for text in model.texts()]
    check(f"{way}: no order outside of fences", [bare for bare, _ in texts if ORDER in bare], [])
    check(f"{way}: it read them all", max(within for _, within in texts) >= len(HOSTILE), True)
    check(f"{way}: no key in what it was told", [text for text in model.texts() if "sk-the-key" in text or TOKEN in text], [])


def pipes(engine, python, folder):
    variables = {"TOKEN": {"env": "CRM_TOKEN"}, "LOG": "log", "FAULT": "fault", "SAID": "said"}
    project = Project(engine, folder / "pipes", {"command": [python, str(SERVER), "stdio"], "env": variables, "timeout": LONG})
    project.said.write_text(" ".join(HOSTILE))
    gives(project, "pipes")
    usual = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TOKEN", "LOG", "FAULT", "SAID"}
    check("pipes: no more environment than declared", sorted(set(project.step("environment").split()) - usual), [])
    listed(project, "pipes")
    breaks(project, "pipes")
    obeys(project, "pipes")
    check("pipes: the token is shown nowhere", project.leaks(), [])


def web(engine, python, folder, words):
    way = " ".join(["http", *words])
    environment = {"PATH": os.environ["PATH"], "TOKEN": TOKEN}
    place = folder / way.replace(" ", "-")
    environment |= {"LOG": str(place / "log"), "FAULT": str(place / "fault"), "SAID": str(place / "said")}
    spec = {"url": "", "token_env": "CRM_TOKEN", "allow_private": True, "timeout": LONG}
    project = Project(engine, place, spec)
    project.said.write_text(" ".join(HOSTILE))
    served = Served(python, words, environment)
    url = f"http://127.0.0.1:{served.port}/mcp"
    try:
        project.write("engine.yaml", {"mcp": {"crm": {**spec, "url": url}}})
        gives(project, way)
        if "stateless" not in words:
            for _ in range(100):
                if project.lines("DELETE"):
                    break
                time.sleep(0.1)
            check(f"{way}: the session ends with the command", len(project.lines("DELETE")), 1)
        listed(project, way)
        breaks(project, way)
        obeys(project, way)
        if not words:
            refused(project, spec, url)
        check(f"{way}: the token is shown nowhere", project.leaks(), [])
    finally:
        served.stop()
    found = project.step("count", retry={"max_attempts": 2, "delay": "1ms"})
    holds(f"{way}: a server that is gone", found, "unreachable", url)


def refused(project, spec, url):
    """Who is not let in, and where nobody is asked."""
    def found(environment=(), **change):
        project.write("engine.yaml", {"mcp": {"crm": {**{k: v for k, v in spec.items() if k not in change}, "url": url, **{k: v for k, v in change.items() if v}}}})
        kept, project.environment = project.environment, {**project.environment, **dict(environment)}
        error = project.step("count", retry={"max_attempts": 3, "delay": "1ms"})
        project.environment = kept
        return error
    asked = len(project.lines("POST"))
    holds("a private address is refused", found(allow_private=None), "not-allowed", "127.0.0.1 is a loopback address")
    holds("a token that is not set", found({"CRM_TOKEN": ""}.items()), "missing-secret", "CRM_TOKEN is not set")
    check("and nobody was asked", len(project.lines("POST")), asked)
    error = found({"CRM_TOKEN": "wrong-and-secret"}.items())
    holds("a wrong token", error, "unauthorized", "CRM_TOKEN")
    check("is not shown", "wrong-and-secret" in str(error), False)
    check("and not sent again", len(project.lines("POST")), asked + 1)


class Strange(http.server.BaseHTTPRequestHandler):
    """What is no MCP server; the first segment of the path says how."""

    protocol_version = "HTTP/1.1"
    led = []

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        way = self.path.strip("/")
        status, kind, body = 200, "application/json", b"{}"
        if way == "html":
            kind, body = "text/html", b"<html>Sign in</html>"
        elif way.isdigit():
            status, kind, body = int(way), "text/plain", b"out of order, and you sent " + self.headers.get("authorization", "").encode()
        elif way == "led":
            Strange.led.append(self.headers.get("authorization"))
        elif way == "cut":
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(b'{"jsonrpc":')
            self.close_connection = True
            return
        elif way in ("hang", "endless"):
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b": wait\n\n" if way == "hang" else b"data: " + b"x" * 65536)
                    self.wfile.flush()
                    time.sleep(0.5 if way == "hang" else 0)
            except OSError:
                self.close_connection = True
                return
        self.send_response(status)
        if way == "307":
            self.send_header("location", f"http://127.0.0.1:{self.server.server_address[1]}/led")
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def strangers(engine, folder):
    """Servers that speak something else, or nothing to the end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    project = Project(engine, folder / "strange", {})
    cases = [("html", "not-mcp"), ("cut", "connection"), ("hang", "timeout"), ("endless", "not-mcp"), ("404", "not-found"), ("403", "forbidden"),
             ("500", "server-error"), ("429", "rate-limited"), ("307", "redirected"), ("empty", "not-mcp")]
    for way, kind in cases:
        url = f"http://127.0.0.1:{server.server_address[1]}/{way}"
        project.write("engine.yaml", {"mcp": {"crm": {"url": url, "token_env": "CRM_TOKEN", "allow_private": True, "timeout": "2s" if way == "hang" else LONG}}})
        error = project.step("count", retry={"max_attempts": 2, "delay": "1ms"})
        check(f"a stranger: {way}", (error["kind"], url in error["message"] or kind == "timeout"), (kind, True))
    check("nobody is led on with the token", Strange.led, [])
    check("strangers: the token is shown nowhere", project.leaks(), [])
    server.shutdown()


def main():
    engine, python = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="engine-mcp-") as folder:
        folder = pathlib.Path(folder)
        pipes(engine, python, folder)
        for words in ([], ["json"], ["stateless"]):
            web(engine, python, folder, words)
        strangers(engine, folder)
    return ended()


if __name__ == "__main__":
    sys.exit(main())
