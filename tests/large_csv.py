#!/usr/bin/env python3
"""Runs the engine on a CSV file that is too large for memory to be filled with, and counts what it holds by other means.

    python3 tests/large_csv.py ENGINE [-v]

LARGE_CSV_MB (48) is the size of the file. It is loaded once, whatever happens meanwhile: another process, a kill, a change. Each
start tells its time and its greatest memory.
"""

import hashlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))
import scripts
from scripts import check, ended

SIZE = int(os.environ.get("LARGE_CSV_MB", "48")) << 20
# The greatest memory of a command that loads, in MiB, whatever the size of the file: SQLite's cache and what the engine is.
MEMORY = 200
HEADER = "id,day,shop,amount,code,mixed,note\n"

def line(number):
    """A row; the values of `mixed` are numbers as long as they go, but for the very last."""
    amount = "" if number % 7 == 0 else f"{number % 1000}.{number % 100:02d}"
    note = f'"said ""{number}"", é\nand more"' if number % 11 == 0 else f"note {number}"
    return f"{number},2025-{number % 12 + 1:02d}-{number % 28 + 1:02d},shop{number % 997},{amount},{number % 90:03d},{number},{note}\n"


def generate(path):
    """Writes the file; the number of its rows, and what one shop sold."""
    number, written, sold = 0, 0, 0.0
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        while written < SIZE:
            number += 1
            text = line(number)
            written += len(text)
            file.write(text)
            if number % 997 == 5 and number % 7:
                sold += float(f"{number % 1000}.{number % 100:02d}")
        file.write(line(number + 1).replace(f",{number + 1},", ",n/a,"))
    return number + 1, sold


class Project(scripts.Project):
    """A project with a source of CSV files, and a workflow that looks at it."""

    def __init__(self, engine, folder):
        super().__init__(engine, folder)
        (folder / "data").mkdir()
        self.write("engine.yaml", {"sources": {"company": {"csv": "data"}}})
        self.tools()
        steps = [{"id": "shop", "tool": "shop", "with": {"shop": "shop5"}}, {"id": "kinds", "tool": "kinds"}]
        outputs = {step["id"]: "{{ steps.%s.output }}" % step["id"] for step in steps}
        self.write("look.yaml", {"name": "look", "description": "Looks.", "steps": steps, "outputs": outputs})
        self.kept = folder / ".engine/sources"

    def tools(self, more=""):
        kinds = "typeof(id) as id, typeof(day) as day, typeof(amount) as amount, typeof(code) as code, typeof(mixed) as mixed, typeof(note) as note"
        tool = lambda name, query, params={}: {"name": name, "description": "Looks.", "params": params, "returns": "row", "sql": {"source": "company", "query": query}}
        tools = [tool("shop", "select count(*) as n, sum(amount) as sold from sales where shop = :shop", {"shop": {"type": "string"}}),
                 tool("kinds", f"select {kinds}, (select count(*) from sales) as n, amount + 1 as more, code as digits from sales where id = 1 {more}")]
        self.write("tools/all.yaml", {"tools": tools})

    def look(self, *arguments):
        """Starts the workflow."""
        return self.start("run", "look.yaml", "--json", *arguments)

    def run(self, *arguments):
        """Outputs or the fault, what was said, seconds, and the greatest memory in MiB."""
        began, process = time.monotonic(), self.look(*arguments)
        out, err = process.stdout.read(), process.stderr.read()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        return (json.loads(out)["outputs"] if out else err), err, time.monotonic() - began, usage.ru_maxrss / 1024

    def files(self, ending=".db"):
        return sorted(path for path in self.kept.glob("*") if path.name.endswith(ending)) if self.kept.exists() else []

    def forget(self):
        for path in self.kept.glob("*"):
            path.unlink()


def indexes(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return sorted(name for (name,) in connection.execute("select name from sqlite_schema where type = 'index'"))


def main():
    engine = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="engine-large-") as place:
        project = Project(engine, pathlib.Path(place) / "large")
        data = project.folder / "data/sales.csv"
        rows, sold = generate(data)
        wanted = {"n": sum(1 for n in range(1, rows + 1) if n % 997 == 5), "sold": sold}
        small = Project(engine, pathlib.Path(place) / "small")
        (small.folder / "data/sales.csv").write_text(HEADER + "".join(map(line, range(1, 500))) + line(500).replace(",500,", ",n/a,"))

        def right(name, found):
            shop = found["shop"] if isinstance(found, dict) and found.get("shop") else found
            near = {"n": shop["n"], "sold": round(shop["sold"], 2)} if isinstance(shop, dict) else shop
            check(name, near, {"n": wanted["n"], "sold": round(wanted["sold"], 2)})

        in_memory, said, _, _ = small.run()
        check("a small folder is not kept", (small.files(), "loading" in said), ([], False))
        found, said, first, most = project.run()
        right("the file is read whole", found)
        check("columns are what they are in memory", {**found["kinds"], "n": 500}, in_memory["kinds"])
        check("all rows are there", found["kinds"]["n"], rows)
        check("who waits is told", ("loading source `company`" in said, "is loaded, in" in said), (True, True))
        check("memory is bounded", most < MEMORY, True)
        kept = project.files()
        check("one file is kept", len(kept), 1)
        check("for its owner alone", {oct(path.stat().st_mode & 0o777) for path in project.kept.glob("company.*")}, {"0o600"})
        check("with indexes on what queries filter by", indexes(kept[0]), ["sales by id", "sales by shop"])
        before = kept[0].stat()
        found, said, second, less = project.run()
        right("the second start finds it", found)
        check("and loads nothing", ("loading" in said, project.files()[0].stat().st_mtime_ns, most > less), (False, before.st_mtime_ns, True))
        print(f"{data.stat().st_size / 1e6:.0f} MB, {rows} rows: {first:.1f} s and {most:.0f} MiB at the first start, {second:.2f} s and {less:.0f} MiB at the second; "
              f"{before.st_size / 1e6:.0f} MB kept")

        os.utime(data, (1_700_000_000, 1_700_000_000))
        found, said, _, _ = project.run()
        right("another time with the same contents", found)
        check("is no reason to load", ("loading" in said, project.files()[0].stat().st_ino), (False, before.st_ino))

        project.tools("and day > '2025'")
        found, said, _, _ = project.run()
        check("a new filter gets its index, without a load", ("loading" in said, indexes(project.files()[0])), (False, ["sales by day", "sales by id", "sales by shop"]))
        project.tools()

        with open(data, "r+b") as file:
            file.seek(len(HEADER))
            file.write(b"8")
        found, said, _, _ = project.run()
        check("one other digit is a reason to load", ("loading" in said, len(project.files()), project.files() == kept), (True, 1, False))
        check("and what was there is read no more", (found["shop"]["n"], found["kinds"]), (wanted["n"], None))
        with open(data, "r+b") as file:
            file.seek(len(HEADER))
            file.write(b"1")

        project.forget()
        found, said, _, _ = project.run("--quiet")
        right("quietly", found)
        check("nothing is said", said, "")

        project.forget()
        both = [project.look(), project.look()]
        told = [process.communicate() for process in both]
        for out, _ in told:
            right("two at once", json.loads(out)["outputs"])
        loads = sum("loading source" in err for _, err in told)
        check("one of them loads", (loads, len(project.files()), project.files(".draft")), (1, 1, []))

        project.forget()
        killed = project.look()
        while not any(path.stat().st_size > SIZE // 8 for path in project.files(".draft")) and killed.poll() is None:
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        check("a process is killed while it loads", (killed.returncode, project.files(), len(project.files(".draft"))), (-9, [], 1))
        found, said, _, _ = project.run()
        right("the next one loads anew", found)
        check("and leaves no half", ("loading" in said, project.files(".draft")), (True, []))

        listing = project.files(".json")[0]
        listing.write_text("{")
        digest = hashlib.sha256(project.files()[0].read_bytes()).hexdigest()
        found, said, _, _ = project.run()
        right("a list that cannot be read is made again", found)
        check("with the same contents", hashlib.sha256(project.files()[0].read_bytes()).hexdigest(), digest)

        with open(data, "a+", encoding="utf-8", newline="") as file:
            file.seek(0)
            lines = sum(1 for _ in file)
            file.write("1,2\n")
        _, said, _, _ = project.run()
        # Long lines are wrapped, within the bars beside the message.
        said = " ".join(said.replace("│", " ").split())
        check("a bad row is told by its line", f"sales.csv, line {lines + 1}: 2 values where the header has 7" in said and said, said)
        check("and nothing half is kept", project.files(".draft"), [])
    return ended()


if __name__ == "__main__":
    sys.exit(main())
