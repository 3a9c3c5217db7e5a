#!/usr/bin/env python3
"""Holds `engine validate` against files that are broken as people break them: tests/corpus.py ENGINE

tests/corpus/README.md tells what the head of a case says. Every fault must be found at its very place and nothing else
be called an error; with the mends of its head, the case must be free of errors. The examples in docs/rules are held
likewise, and each rule weighs what its page says."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "corpus"
PROJECT = ["engine.yaml", "agents", "tools", "workflows", "data"]


def read(path):
    return path.read_text(encoding="utf-8", errors="surrogateescape") if path.suffix == ".expect" else \
        path.open(newline="", encoding="utf-8", errors="surrogateescape").read()


def mended(body, mends):
    lines, replaced, deleted, inserted = body.split("\n"), {}, set(), {}
    for number, kind, text in mends:
        number = int(number)
        if kind == "|":
            replaced[number] = text
        elif kind == "-":
            deleted.add(number)
        else:
            inserted.setdefault(number, []).append(text[1:])
    out = list(inserted.get(0, []))
    for number, line in enumerate(lines, 1):
        if number not in deleted:
            out.append(replaced.get(number, line))
        out += inserted.get(number, [])
    return "\n".join(out)


def copy_project(folder):
    for part in PROJECT:
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, pathlib.Path(folder, part))


def weighed_otherwise(found):
    """Faults that weigh something else than the page of their rule says."""
    pages = {d["code"]: ROOT / "docs" / "rules" / f"{d['code']}.md" for d in found}
    said = {code: page.read_text(encoding="utf-8").split("\n\n")[1] for code, page in pages.items() if page.is_file()}
    return [f"its page calls it {said[d['code']]}: {d['code']} is of severity {d['severity']}" for d in found
            if d["severity"] != said.get(d["code"], d["severity"])]


class Checker:
    def __init__(self, engine):
        self.engine = engine

    def validate(self, folder):
        run = subprocess.run([self.engine, "--project", folder, "validate", "--format", "json"], cwd=folder,
                             capture_output=True, text=True, timeout=60)
        if run.returncode not in (0, 2):
            raise RuntimeError(f"exit {run.returncode}: {run.stderr[:300]}")
        return json.loads(run.stdout)["diagnostics"]

    def page(self, page):
        """What is wrong with the examples of a rule's page: the wrong one gives the rule's code, the right one nothing."""
        text = page.read_text(encoding="utf-8")
        faults = []
        for section in ("Wrong", "Right"):
            body = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
            files = re.findall(r"^```yaml (\S+)\n(.*?)^```", body, re.M | re.S)
            if not files:
                continue
            with tempfile.TemporaryDirectory() as folder:
                copy_project(folder)
                for name, content in files:
                    pathlib.Path(folder, name).write_text(content, encoding="utf-8")
                found = self.validate(folder)
                codes = [d["code"] for d in found]
            faults += weighed_otherwise(found)
            if section == "Wrong" and page.stem not in codes:
                faults.append(f"its wrong example gives {codes}")
            if section == "Right" and codes:
                faults.append(f"its right example gives {codes}")
        return faults

    def check(self, case):
        """What is wrong with a case, as lines."""
        body = read(case)
        head_file = case.with_suffix(".expect")
        head = read(head_file) if head_file.exists() else body
        file = re.search(r"^# file: (\S+)", head, re.M).group(1)
        expected = {(k, int(l), int(c)) for k, l, c in re.findall(r"^# expect: (\S+) (\d+):(\d+)\s*$", head, re.M)}
        helps = re.findall(r"^# help: (\d+) (.+?)\s*$", head, re.M)
        mends = re.findall(r"^# mend: (\d+) ([|+-])(.*)$", head, re.M)
        with tempfile.TemporaryDirectory() as folder:
            copy_project(folder)
            target = pathlib.Path(folder, file)
            target.parent.mkdir(exist_ok=True)

            def write(text):
                target.write_bytes(text.encode("utf-8", errors="surrogateescape"))

            write(body)
            found = self.validate(folder)
            here = {(d["code"], d["line"] or 1, d["column"] or 1) for d in found if d["file"] == file}
            errors = {(d["code"], d["line"] or 1, d["column"] or 1) for d in found if d["severity"] == "error"}
            faults = [f"missing: {one}" for one in sorted(expected - here)]
            faults += [f"unexpected: {one}" for one in sorted(errors - expected)]
            faults += [f"without a help: {d['code']}" for d in found if not d["help"]]
            faults += [f"no help of line {line} says: {part}" for line, part in helps
                       if not any(d["line"] == int(line) and part in (d["help"] or "") for d in found)]
            faults += [f"without a page: {code}" for code, _, _ in here
                       if not (ROOT / "docs" / "rules" / f"{code}.md").is_file()]
            faults += weighed_otherwise(found)
            if mends:
                write(mended(body, mends))
                faults += [f"after the mend: {d['code']} {d['line']}:{d['column']} {d['message']}"
                           for d in self.validate(folder) if d["severity"] == "error"]
        return faults


def main():
    checker = Checker(os.path.abspath(sys.argv[1]))
    pages = [page for page in sorted((ROOT / "docs" / "rules").glob("*.md")) if page.stem != "README"]
    cases = [*sorted(CASES.glob("*/*.yaml")), *pages]
    if len(sys.argv) > 2:
        cases = [case for case in cases if any(word in str(case) for word in sys.argv[2:])]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda case: (checker.page if case.suffix == ".md" else checker.check)(case), cases))
    failed = [(case, faults) for case, faults in zip(cases, results) if faults]
    for case, faults in failed:
        print(case.relative_to(ROOT), *faults, sep="\n    ")
    print(f"{len(cases) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
