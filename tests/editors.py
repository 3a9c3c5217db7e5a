#!/usr/bin/env python3
"""Holds schemas/ and reports against the tools that read them: tests/editors.py ENGINE YAML_LANGUAGE_SERVER CHECK_JSONSCHEMA

yaml-language-server is driven over its protocol, as an editor drives it: the demo has no faults, a fault stands at its
line, keys are explained, and what is completed is valid once it is inserted. check-jsonschema says the same in one go, and
holds what `validate` writes as SARIF, over every broken file there is, against the schema of OASIS; JUnit XML is held against the
shape that CI servers read.
The last line is `N passed, N failed`."""
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = {"engine": "engine.yaml", "agent": "agents/*.yaml", "tools": "tools/*.yaml", "workflow": "workflows/*.yaml",
         "eval": "evals/[!r]*.yaml"}
PATIENCE = 60

# Kind, text, and what an editor marks: the line (from 1) and a word of the message.
BROKEN = [
    ("workflow", "name: a\nsteps:\n  - id: a\n    tool: t\n    wit: {}\n", 5, "wit"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    tool: t\n    figures: guess\n", 5, "cite"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    tool: t\n    max_tokens: 0\n", 5, "minimum"),
    ("workflow", "name: a\nsteps:\n  - id: 1a\n    tool: t\n", 3, "pattern"),
    ("workflow", "name: a\nsteps: []\n", 2, "items"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    agent: b\n", 3, "prompt"),
    ("workflow", "name: a\nparams:\n  p: {type: text}\nsteps:\n  - id: a\n    tool: t\n", 3, "boolean"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    tool: t\n    retry: {max_attempts: 1000}\n", 5, "maximum"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    tool: t\n    timeout: soon\n", 5, "pattern"),
    ("agent", "name: a\nrole: [cfo]\n", 2, "string"),
    ("eval", "cases:\n  - question: Why?\n    assert:\n      - contians: x\n", 4, "contians"),
    ("agent", "role: cfo\n", 1, "name"),
    ("tools", "tools:\n  - name: a\n    description: b\n", 2, "sql"),
    ("tools", "tools:\n  - name: a\n    description: b\n    sql: {source: c, query: d}\n    returns: all\n", 5, "rows"),
    ("engine", "models:\n  a:\n    provider: azure\n    model: b\n", 3, "openai"),
    ("engine", "limits:\n  budget: {usd: -1}\n", 2, "minimum"),
    ("engine", "sources:\n  a: {csv: data, sqlite: a.db}\n", 2, ""),
]

# Kind, text with a bar at the cursor, and what the explanation holds.
HOVERS = [
    ("workflow", "na|me: a\n", "unique in the project"),
    ("workflow", "name: a\nst|eps:\n  - id: a\n", "what a step reads decides what it waits for"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    to|ol: t\n", "the name of a tool"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    ret|ry: {max_attempts: 2}\n", "How often and how patiently"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    retry: {max_at|tempts: 2}\n", "the first included"),
    ("workflow", "name: a\nsteps:\n  - id: a\n    fig|ures: cite\n", "`none`: Nothing."),
    ("agent", "name: a\ncov|ers: b\n", "the decomposer"),
    ("tools", "tools:\n  - name: a\n    ret|urns: row\n", "`value`: The only value of the only row."),
    ("engine", "models:\n  a:\n    base_|url: b\n", "the provider's own address where absent"),
    ("engine", "sources:\n  a: {cs|v: b}\n", "every CSV file in it is a table"),
]

# Kind, text with a bar at the cursor, what is offered among others. What is offered with a colon is a snippet that
# makes the file valid: it is inserted, and the file then has no fault.
COMPLETIONS = [
    ("workflow", "|\n", ["workflow:", "name", "steps"]),
    ("workflow", "name: a\nparams:\n  |\nsteps:\n  - {id: a, tool: t}\n", ["param:", "param with known values:"]),
    ("workflow", "name: a\nsteps:\n  - |\n",
     ["agent step:", "agent step with a default:", "tool step:", "workflow step:",
      "approval step:", "repeated step:", "compute step:", "when", "on_error"]),
    ("workflow", "name: a\nsteps:\n  |\n", ["agent step:", "tool step:", "compute step:"]),
    ("workflow", "name: a\nsteps:\n  - id: a\n    tool: t\n  - |\n", ["agent step:", "tool step:", "compute step:"]),
    ("workflow", "name: a\nsteps:\n  - id: a\n    tool: t\n    with:\n      |\n", ["argument:"]),
    ("workflow", "name: a\nsteps:\n  - id: a\n    compute:\n      |\n", ["figure:"]),
    ("workflow", "name: a\nsteps:\n  - {id: a, tool: t}\noutputs:\n  |\n", ["output:"]),
    ("workflow", "name: a\nsteps:\n  - id: a\n    agent: b\n    prompt: c\n    figures: |\n", ["cite", "check", "none"]),
    ("workflow", "name: a\nsteps:\n  - id: a\n    tool: b\n    on_error: |\n", ["fail", "skip", "default"]),
    ("workflow", "name: a\nparams:\n  p:\n    type: |\n", ["string", "number", "integer", "boolean", "array", "object"]),
    ("agent", "|\n", ["agent:", "role", "consult"]),
    ("tools", "tools:\n  - |\n", ["tool that lists rows:", "tool with a param:", "units"]),
    ("tools", "tools:\n  - name: a\n    description: b\n    sql: {source: c, query: d}\n    params:\n      |\n", ["param:"]),
    ("tools", "tools:\n  - name: a\n    returns: |\n", ["rows", "row", "value"]),
    ("engine", "|\n", ["project:", "models", "limits"]),
    ("engine", "models:\n  |\n", ["model of OpenAI:", "model of Anthropic:", "model of a server of one's own:"]),
    ("engine", "models:\n  a:\n    provider: |\n", ["openai", "anthropic"]),
    ("engine", "sources:\n  |\n", ["folder of CSV files:", "SQLite file:"]),
]


class Server:
    """A language server and the editor's half of the conversation."""

    def __init__(self, command, folder):
        self.folder, self.faults, self.asked, self.opened = folder, {}, 0, 0
        self.process = subprocess.Popen([command, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self.heard = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()
        client = {"textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
                  "workspace": {"configuration": True}}
        self.ask("initialize", {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": client})
        self.send({"method": "initialized", "params": {}})

    def listen(self):
        out = self.process.stdout
        while header := out.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                header = out.readline()
            self.heard.put(json.loads(out.read(length)))
        self.heard.put(None)

    def send(self, message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def until(self, is_it):
        while True:
            message = self.heard.get(timeout=PATIENCE)
            if message is None:
                raise RuntimeError("yaml-language-server ended")
            if "method" in message and "id" in message:
                settings = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
                items = message["params"].get("items", []) if message["method"] == "workspace/configuration" else None
                result = items and [settings if item.get("section") == "yaml" else {} for item in items]
                self.send({"id": message["id"], "result": result})
            elif message.get("method") == "textDocument/publishDiagnostics":
                self.faults[message["params"]["uri"]] = message["params"]["diagnostics"]
            if is_it(message):
                return message

    def ask(self, method, params):
        self.asked += 1
        number = self.asked
        self.send({"id": number, "method": method, "params": params})
        answer = self.until(lambda message: message.get("id") == number and "method" not in message)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def open(self, kind, text):
        """Opens a text as a new file of a kind: its name and its faults. What it remembers goes by name, so none comes twice."""
        self.opened += 1
        uri = (self.folder / f"{self.opened}.yaml").as_uri()
        text = f"# yaml-language-server: $schema=schemas/{kind}.schema.json\n{text}"
        self.send({"method": "textDocument/didOpen", "params": {"textDocument": {
            "uri": uri, "languageId": "yaml", "version": self.opened, "text": text}}})
        self.until(lambda message: message.get("method") == "textDocument/publishDiagnostics"
                   and message["params"]["uri"] == uri)
        return uri, self.faults[uri]

    def at(self, method, uri, text):
        """Asks about the bar in a text."""
        before = text.partition("|")[0]
        position = {"line": before.count("\n") + 1, "character": len(before) - before.rfind("\n") - 1}
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": position})


def inserted(text, snippet):
    """A text with a snippet at its bar, as an editor inserts it: further lines are indented like the line of the bar."""
    before, _, after = text.partition("|")
    line = before.rpartition("\n")[2]
    indent = line[:len(line) - len(line.lstrip(" "))]
    plain = re.sub(r"\$\{\d+:((?:\\.|[^\\}])*)\}|\$\d+", lambda found: found.group(1) or "", snippet)
    return before + re.sub(r"\\(.)", r"\1", plain).replace("\n", f"\n{indent}") + after


class Ledger:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def book(self, name, faults):
        self.passed, self.failed = self.passed + (not faults), self.failed + bool(faults)
        if faults:
            print(name, *faults, sep="\n    ")


def in_editors(server, ledger):
    def told(faults):
        return [f"line {fault['range']['start']['line']}: {fault['message']}" for fault in faults]

    for kind, pattern in KINDS.items():
        for file in sorted(ROOT.glob(pattern)):
            ledger.book(f"{file.name} has no fault", told(server.open(kind, file.read_text(encoding="utf-8"))[1]))
    for kind, text, line, word in BROKEN:
        faults = server.open(kind, text)[1]
        here = [fault for fault in faults if fault["range"]["start"]["line"] == line and word in json.dumps(fault)]
        ledger.book(f"a fault at line {line} with `{word}` in {text!r}", [] if here else told(faults) or ["no fault"])
    for kind, text, words in HOVERS:
        uri, _ = server.open(kind, text.replace("|", ""))
        shown = server.at("hover", uri, text)
        shown = (shown or {"contents": {"value": ""}})["contents"]["value"].replace("\\", "")
        ledger.book(f"hover of {text!r}", [] if words in shown else [f"`{words}` is not in: {shown}"])
    for kind, text, labels in COMPLETIONS:
        uri, _ = server.open(kind, text.replace("|", ""))
        items = {item["label"]: item for item in server.at("completion", uri, text)["items"]}
        for label in labels:
            name, snippet = label.rstrip(":"), label.endswith(":")
            faults = [] if name in items else [f"offered: {', '.join(items)}"]
            if not faults and snippet:
                whole = inserted(text, items[name]["insertText"])
                faults = [f"{fault} in:\n{whole}" for fault in told(server.open(kind, whole)[1])]
            if not faults and not items[name].get("documentation"):
                faults = ["without an explanation"]
            ledger.book(f"completion of `{name}` in {text!r}", faults)


def in_one_go(check, schemas, ledger):
    def run(kind, files):
        return subprocess.run([check, "--schemafile", schemas / f"{kind}.schema.json", *files], capture_output=True,
                              text=True, timeout=PATIENCE)

    for kind, pattern in KINDS.items():
        done = run(kind, sorted(ROOT.glob(pattern)))
        ledger.book(f"check-jsonschema of {pattern}", [done.stdout + done.stderr] if done.returncode else [])
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, text, _, _) in enumerate(BROKEN):
            file = pathlib.Path(folder, f"{number}.yaml")
            file.write_text(text, encoding="utf-8")
            done = run(kind, [file])
            fine = done.returncode == 1 and "validation errors" in done.stdout
            ledger.book(f"check-jsonschema finds the fault of {text!r}", [] if fine else [done.stdout + done.stderr])


# What an element of JUnit XML may hold, in this order, and the attributes that it must and may have: the schema of the Jenkins
# xUnit plugin, which the others read as well.
JUNIT = {
    "testsuites": (["testsuite"], {"name", "tests", "failures", "errors"}, {"skipped", "time", "disabled"}),
    "testsuite": (["properties", "testcase", "system-out", "system-err"], {"name", "tests", "failures", "errors"},
                  {"skipped", "time", "timestamp", "hostname", "id", "package"}),
    "testcase": (["skipped", "error", "failure", "system-out", "system-err"], {"name", "classname"}, {"time", "assertions"}),
    "failure": ([], {"message", "type"}, set()),
    "system-out": ([], set(), set()),
}


def junit_faults(element):
    """What is wrong with an element of JUnit XML and all below it."""
    children, needed, allowed = JUNIT.get(element.tag, ([], set(), set()))
    faults = [f"{element.tag} is no element of it"] if element.tag not in JUNIT else []
    names, attributes = [child.tag for child in element], set(element.attrib)
    if any(name not in children for name in names) or names != sorted(names, key=lambda name: children.index(name)):
        faults.append(f"{element.tag} holds {names}")
    faults += [f"{element.tag} lacks {name}" for name in needed - attributes]
    faults += [f"{element.tag} has {name}" for name in attributes - needed - allowed]
    counted = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    faults += [f"{element.tag} counts {element.get(name)} {name}" for name, tag in counted.items()
               if name in attributes and int(element.get(name)) != len(list(element.iter(tag)))]
    return faults + [fault for child in element for fault in junit_faults(child)]


def sarif_schema():
    """The schema of SARIF 2.1.0, as the crate holds it that its types are made of."""
    found = subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked"], cwd=ROOT, check=True, capture_output=True)
    crate = next(one for one in json.loads(found.stdout)["packages"] if one["name"] == "serde-sarif")
    return pathlib.Path(crate["manifest_path"]).parent / "src" / "schema.json"


def in_reports(engine, check, ledger):
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder, "project")
        project.mkdir()
        for part in ["engine.yaml", "agents", "tools", "data"]:
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, project / part)
        (project / "workflows").mkdir()
        for number, case in enumerate(sorted((ROOT / "tests" / "corpus").glob("*/*.yaml"))):
            shutil.copy(case, project / "workflows" / f"{number} {case.stem} ü%20&.yaml")

        def report(name):
            done = subprocess.run([engine, "validate", "--format", name], cwd=project, capture_output=True, timeout=PATIENCE)
            file = pathlib.Path(folder, f"report.{name}")
            file.write_bytes(done.stdout)
            return file

        done = subprocess.run([check, "--regex-variant", "python", "--schemafile", sarif_schema(), report("sarif")],
                              capture_output=True, text=True, timeout=PATIENCE)
        log = json.loads(pathlib.Path(folder, "report.sarif").read_text(encoding="utf-8"))["runs"][0]
        rules = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
        faults = [done.stdout + done.stderr] if done.returncode else []
        faults += [f"{one['ruleId']} is not rule {one['ruleIndex']}" for one in log["results"]
                   if rules[one["ruleIndex"]] != one["ruleId"]]
        faults += ["hardly any findings"] if len(log["results"]) < 500 else []
        ledger.book("SARIF of every broken file", faults)
        suites = xml.etree.ElementTree.parse(report("junit")).getroot()
        faults = junit_faults(suites)
        faults += ["hardly any failures"] if int(suites.get("failures")) < 500 else []
        ledger.book("JUnit XML of every broken file", faults)


def main():
    engine, language_server, check = sys.argv[1:]
    ledger = Ledger()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([os.path.abspath(engine), "schema", "--write"], cwd=folder, check=True, capture_output=True)
        server = Server(language_server, folder)
        try:
            in_editors(server, ledger)
        finally:
            server.process.kill()
        in_one_go(check, folder / "schemas", ledger)
    in_reports(os.path.abspath(engine), check, ledger)
    print(f"{ledger.passed} passed, {ledger.failed} failed")
    return 1 if ledger.failed or not ledger.passed else 0


if __name__ == "__main__":
    sys.exit(main())
