"""Throw-away engines, clean databases, new durable engines."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from drydock import Failed

FIVE = "resources:\n" + "".join(
    f"  {name}:\n    type: {kind}\n    options:\n      version: \"{version}\"\n" for name, kind, version in (
        ("pg", "postgres", "15"), ("my", "mysql", "8.0"), ("maria", "mariadb", "10.11"), ("red", "redis", "7.0"),
        ("mem", "memcached", "1.6")))
TWO = "\n".join(line for line in FIVE.splitlines()[:5]) + "\n  red:\n    type: redis\n    options:\n      version: \"7.0\"\n"
POSTGRES = "\n".join(FIVE.splitlines()[:5]) + "\n"
SEVERAL = 20
FILES = 50_000


def measure(drydock, runtimes, runs, results, say):
    for runtime in runtimes:
        for name, manifest in (("two", TWO), ("five", FIVE)):
            say(f"{runtime}: drydock test, {name} engines")
            app = drydock.app(f"test-{name}-{runtime}", manifest)
            arguments = ["test", "--runtime", runtime, "--", "true"]
            drydock.time(app, *arguments)  # what is kept for later is made
            drydock.time(app, *arguments)
            for _ in range(runs):
                results.add(f"{runtime} test {name}", drydock.time(app, *arguments))
    say("clean databases")
    app = drydock.app("suite", FIVE)
    suite = str(Path(__file__).with_name("suite.py").resolve())
    found = json.loads(drydock.output(app, "test", "--runtime", "native", "-q", "--", "/usr/bin/python3", "-B", suite))
    for name, values in found.items():
        for value in values:
            results.add(name, value)
    say("new durable engines")
    durable(drydock, runs, results)
    if "docker" in runtimes:
        durable_containers(drydock, max(2, runs // 3), results)
    say(f"{SEVERAL} apps at once")
    at_once(drydock, results)


def durable(drydock, runs, results):
    """A new PostgreSQL to the app user's first query, on a disk that was idle and on one that had much to delete.

    Its data is taken from what was made beforehand, after the `up` before it."""
    drydock.environment.pop("DRYDOCK_SPARES")
    for number in range(2):
        app = drydock.app(f"before-new-{number}", POSTGRES)
        drydock.time(app, "up", "--runtime", "native")
        drydock.time(app, "down")
    measure_durable(drydock, runs, results)
    drydock.environment["DRYDOCK_SPARES"] = "0"


def measure_durable(drydock, runs, results):
    for name in ("new postgres", "new postgres after deletions"):
        for run in range(runs if name == "new postgres" else max(2, runs // 3)):
            app = drydock.app(f"{name.replace(' ', '-')}-{run}", POSTGRES)
            wait_for_spares(drydock)
            if name != "new postgres":
                delete_many(drydock.root / "many")
            results.add(name, drydock.time(app, "up", "--runtime", "native"))
            drydock.time(app, "down")


def wait_for_spares(drydock):
    for _ in range(100):
        if not drydock.left_running():
            return
        time.sleep(0.05)
    raise Failed("what makes data beforehand does not end")


def delete_many(folder):
    folder.mkdir()
    for number in range(FILES):
        (folder / str(number)).write_bytes(b"x" * 4096)
    os.sync()
    shutil.rmtree(folder)


def durable_containers(drydock, runs, results):
    for run in range(runs):
        app = drydock.app(f"five-{run}", FIVE)
        results.add("docker new five", drydock.time(app, "up", "--runtime", "docker"))
        drydock.time(app, "down", "--delete-data", "--yes")


def at_once(drydock, results):
    """Twenty apps like the quickstart come up at the same time; then what an idle PostgreSQL has in memory."""
    apps = [drydock.app(f"at-once-{number}", FIVE) for number in range(SEVERAL)]
    begin = time.monotonic()
    running = [
        subprocess.Popen(
            [drydock.binary, "up", "--runtime", "native", "--timeout", "600"], cwd=app, env=drydock.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for app in apps]
    for process in running:
        _, complaint = process.communicate()
        if process.returncode:
            raise Failed(f"one of {SEVERAL} at once ended with {process.returncode}:\n{complaint.decode()}")
    results.add("at once", time.monotonic() - begin)
    for app in apps:
        states = {state["resource"]: state for state in drydock.json(app, "ps", "--format", "json")}
        results.add("idle postgres", proportional(states["pg"]["pid"]))
    for app in apps:
        drydock.time(app, "down", "--delete-data", "--yes")


def proportional(process):
    """The memory of a process and its children in bytes, shared pages by their share."""
    total = 0
    for member in [process, *children(process)]:
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def children(process):
    found = []
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        found += [int(child) for child in tasks.read_text().split()]
    return found
