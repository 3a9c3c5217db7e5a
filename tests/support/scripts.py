"""What the scripts beside this folder have in common: checks that are counted, projects in a folder, servers on loopback."""

import json
import os
import socket
import subprocess
import sys
import time

counted = {"passed": 0, "failed": 0}


def check(name, found, wanted):
    """Counts one check, and shows what differs."""
    good = found == wanted
    counted["passed" if good else "failed"] += 1
    if not good:
        print(f"FAILED {name}\n  found  {str(found)[:2000]}\n  wanted {str(wanted)[:2000]}", flush=True)
    elif "-v" in sys.argv:
        print(f"ok {name}", flush=True)


def holds(name, text, *parts):
    """Counts one check of a text that holds the parts."""
    text = str(text)
    missing = [part for part in parts if part not in text]
    check(name, missing and text, missing)


def ended():
    """Prints the closing line, and gives the exit code of the script."""
    print(f"{counted['passed']} passed, {counted['failed']} failed")
    return 1 if counted["failed"] else 0


class Project:
    """A folder with an engine.yaml, and the engine in it with no more of the environment than it needs."""

    def __init__(self, engine, folder, **environment):
        self.engine, self.folder = engine, folder
        self.environment = {"PATH": os.environ["PATH"], "NO_COLOR": "1", **environment}
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name, document):
        """Writes a document; JSON is YAML."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document))

    def start(self, *arguments, **more):
        """Starts a command; what it writes comes as text."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        return subprocess.Popen([self.engine, "--project", self.folder, *arguments], cwd=self.folder, env=self.environment, **pipes)

    def run(self, *arguments):
        """Exit code, standard output and standard error of a command."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=600)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, out, err


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, what):
    """Waits until somebody listens on a port."""
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{what} did not start")
