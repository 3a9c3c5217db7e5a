#!/usr/bin/env python3
"""Runs a long batch against a model server that fails often, and counts.

    python3 tests/soak.py ENGINE [-v]

SOAK_RUNS (10000) rows, of whose requests SOAK_FAULTS (0.1) fail by SOAK_SEED (1): too many requests, a server error, a body that is
cut or no JSON, an answer that comes too late. Which request fails is told by the seed, so it is known of every row how often it
is asked and how it ends. No row is lost or done twice, memory stays flat, and no file stays open.
"""

import asyncio
import collections
import json
import os
import pathlib
import random
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))
import scripts
from scripts import check, ended

RUNS = int(os.environ.get("SOAK_RUNS", "10000"))
FAULTS = float(os.environ.get("SOAK_FAULTS", "0.1"))
SEED = os.environ.get("SOAK_SEED", "1")
ATTEMPTS, CONCURRENCY = 3, 32
KINDS = ["429", "500", "cut", "garbage", "late"]
# What the engine may grow by over the second half of the rows, in MiB: what an allocator keeps differs from run to run.
GROWTH = 6
# Connections come and go with faults.
FILES = 4

def fault(row, attempt):
    """How a request fails; none where it does not."""
    chance = random.Random(f"{SEED}/{row}/{attempt}")
    return chance.choice(KINDS) if chance.random() < FAULTS else None


def wanted(row):
    """How often a row is asked, and whether it is answered."""
    for attempt in range(1, ATTEMPTS + 1):
        if not fault(row, attempt):
            return attempt, True
    return ATTEMPTS, False


class Model:
    """A model server in a thread of its own, and what it was asked."""

    def __init__(self):
        self.asked, self.answered, self.faults = collections.Counter(), collections.Counter(), collections.Counter()
        self.ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()
        self.ready.wait()

    async def serve(self):
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def talk(self, reader, writer):
        try:
            while await self.answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        request = json.loads(await reader.readexactly(length))
        row = int(request["messages"][-1]["content"].split("#")[1])
        self.asked[row] += 1
        kind = fault(row, self.asked[row])
        self.faults[kind] += 1
        message = {"role": "assistant", "content": f"answer {row}"}
        body = json.dumps({"id": "x", "object": "chat.completion", "model": "soak", "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                           "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}}).encode()
        status, more, sent = 200, "", None
        if kind in ("429", "500"):
            status, more, body = int(kind), "retry-after: 0\r\n" * (kind == "429"), b'{"error": {"message": "not now"}}'
        elif kind == "garbage":
            body = b"<html>not now</html>"
        elif kind == "cut":
            sent = len(body) // 2
        elif kind == "late":
            await asyncio.sleep(3)
        else:
            self.answered[row] += 1
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body[:sent])
        await writer.drain()
        return sent is None


class Project(scripts.Project):
    """A project with a model on a port, a workflow that asks it, and the rows."""

    def __init__(self, engine, folder, port):
        super().__init__(engine, folder)
        model = {"provider": "openai", "model": "soak", "base_url": f"http://127.0.0.1:{port}/v1", "price": {"input": 0.1, "output": 0.1}}
        self.write("engine.yaml", {"default_model": "m", "models": {"m": model}})
        step = {"id": "ask", "agent": {"instructions": "Answer."}, "prompt": "Row #{{ params.n }}", "timeout": "1s",
                "retry": {"max_attempts": ATTEMPTS, "delay": "5ms"}}
        sum_up = {"id": "twice", "compute": {"n": "params.n * 2"}, "needs": ["ask"]}
        self.write("soak.yaml", {"name": "soak", "description": "Asks.", "params": {"n": {"type": "integer"}}, "steps": [step, sum_up],
                                 "outputs": {"answer": "{{ steps.ask.output }}", "twice": "{{ steps.twice.output.n }}"}})
        (folder / "rows.jsonl").write_text("".join(f'{{"n": {row}}}\n' for row in range(1, RUNS + 1)))

    def listed(self):
        """The exit code of `engine runs`, and the runs."""
        code, out, _ = self.run("runs", "--json", "--limit", str(RUNS * 2))
        return code, json.loads(out) if code == 0 else []


def memory(process):
    """Resident memory in KiB, and open files."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]), len(os.listdir(f"/proc/{process.pid}/fd"))


def main():
    engine = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="engine-soak-") as folder:
        model = Model()
        project = Project(engine, pathlib.Path(folder), model.port)
        command = ["run", "soak.yaml", "--batch", "rows.jsonl", "--concurrency", str(CONCURRENCY), "--quiet", "--json"]
        outcomes, samples = [], []
        with project.start(*command) as process:
            for line in process.stdout:
                outcomes.append(json.loads(line))
                # The process is not at its end while rows are left.
                if len(outcomes) % max(RUNS // 100, 1) == 0 and len(outcomes) < RUNS - CONCURRENCY:
                    samples.append(memory(process))
            errors = process.stderr.read()
        expected = {row: wanted(row) for row in range(1, RUNS + 1)}
        lost = sorted(row for row, (_, answered) in expected.items() if not answered)
        check("nothing is said", errors, "")
        check("the exit code is that of the worst row", process.returncode, 1 if lost else 0)
        check("each row has one outcome", sorted(outcome["row"] for outcome in outcomes), list(expected))
        check("each run is one of its own", len({outcome["run_id"] for outcome in outcomes}), RUNS)
        check("rows fail as often as the server failed them", sorted(o["row"] for o in outcomes if o["status"] != "succeeded"), lost)
        wrong = [o for o in outcomes if o["status"] == "succeeded" and o["outputs"] != {"answer": f"answer {o['row']}", "twice": o["row"] * 2}]
        check("each row has its own answer", wrong, [])
        check("each row is asked as often as it has to be", dict(model.asked), {row: attempts for row, (attempts, _) in expected.items()})
        check("no row is answered twice", dict(model.answered), {row: 1 for row, (_, answered) in expected.items() if answered})
        code, runs = project.listed()
        statuses = collections.Counter(run["status"] for run in runs)
        check("the journal has them all", (code, dict(statuses)), (0, {k: v for k, v in {"succeeded": RUNS - len(lost), "failed": len(lost)}.items() if v}))
        _, again, _ = project.run(*command, "--continue")
        told = sorted(json.loads(line)["row"] for line in again.splitlines())
        twice = [row for row, count in model.answered.items() if count != 1]
        check("what is done is not done again", (told, twice), (list(expected), []))
        half = len(samples) // 2
        early, late = max(size for size, _ in samples[half : half + half // 2]), max(size for size, _ in samples[-half // 2 :])
        begin, end = max(files for _, files in samples[: max(len(samples) // 5, 1)]), max(files for _, files in samples[-max(len(samples) // 10, 1) :])
        check("memory is flat", (late - early) / 1024 <= GROWTH, True)
        check("no file stays open", end <= begin + FILES, True)
        print(f"{RUNS} runs, {sum(model.asked.values())} requests, faults {dict((k, v) for k, v in sorted(model.faults.items(), key=str) if k)}; "
              f"{len(lost)} rows failed; memory {samples[0][0] / 1024:.1f} MiB at 1 %, {samples[half][0] / 1024:.1f} MiB at half, {samples[-1][0] / 1024:.1f} MiB at the end; "
              f"open files {begin} at the beginning, {end} at the end")
    return ended()


if __name__ == "__main__":
    sys.exit(main())
