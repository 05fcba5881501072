"""Measures drydock and writes docs/benchmarks.md. Started by scripts/bench."""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import baseline
import peers
import rack
import ready
import report
import services
import throwaway
from drydock import Drydock, Failed, in_thread

SAMPLE = Path("samples/quickstart/convox.yml")
VERSIONS = {"postgres": "15", "mysql": "8.0", "mariadb": "10.11", "redis": "7.0", "memcached": "1.6"}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Measurements:
    """Samples by name, in seconds or bytes."""

    def __init__(self):
        self.samples = {}

    def add(self, name, value):
        self.samples.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.samples[name]) if name in self.samples else None


def life_of_an_app(drydock, runtime, runs, results):
    """Cold up, second up, up after down, of the sample with all types. The last one stays up."""
    if runtime == "native":
        baseline.run(drydock.root / "script")  # The first to read the engines from the disk would pay for the other.
    for run in range(runs):
        say(f"{runtime}: all types, run {run + 1} of {runs}")
        if runtime == "native":
            results.add("script", baseline.run(drydock.root / f"script-{run}"))
            drydock.new_home()
        app = drydock.app(f"quickstart-{runtime}-{run}", SAMPLE.read_text())
        results.add(f"{runtime} cold", drydock.time(app, "up", "--runtime", runtime))
        for _ in range(4):
            results.add(f"{runtime} second", drydock.time(app, "up"))
        drydock.time(app, "down")
        results.add(f"{runtime} after down", drydock.time(app, "up"))
        if runtime == "native":
            drydock.time(app, "down")
            results.add("native third app", third_app(drydock, run))
        if run < runs - 1:
            drydock.time(app, "down")
    drydock.time(app, "up")
    return app


def third_app(drydock, run):
    """The seconds for an app whose engines have initialised data twice since the machine was started."""
    for number in (2, 3):
        app = drydock.app(f"quickstart-{run}-{number}", SAMPLE.read_text())
        taken = drydock.time(app, "up", "--runtime", "native")
        drydock.time(app, "down")
    return taken


def commands(drydock, app, runs, results):
    """Small commands of an app that is up."""
    say("small commands")
    for _ in range(runs):
        begin = time.monotonic()
        subprocess.run(["true"], check=True)
        plain = time.monotonic() - begin
        for name, less, arguments in (
            ("env", 0, ["env", "web"]), ("help", 0, ["--help"]),
            ("run over true", plain, ["run", "web", "--", "true"])):
            taken, cpu = drydock.time_and_cpu(app, *arguments)
            results.add(name, taken - less)
            results.add(f"{name} cpu", cpu)


def memory(drydock, app, results):
    results.samples["keeper memory"] = drydock.keepers(app)
    results.add("left running", drydock.left_running())
    drydock.time(app, "down", "--delete-data", "--yes")
    results.add("memory", drydock.peak_memory(app, "up", "--runtime", "native"))
    drydock.time(app, "down", "--delete-data", "--yes")


def overhead(drydock, runtime, kind, runs, results, versions):
    """From the engine being ready to drydock's end, alone on the machine, on data that exists and on none."""
    port = baseline.free_port()
    app = drydock.app(
        f"{kind}-{runtime}",
        f'resources:\n  it:\n    type: {kind}\n    options:\n      version: "{VERSIONS[kind]}"\n')
    arguments = ["up", "--runtime", runtime, "--port", f"it={port}"]
    say(f"{runtime}: {kind} alone")
    for _ in range(runs):
        for name in ("fresh", "overhead"):
            results.add(f"{runtime} {kind} {name}", ready_to_end(drydock, app, arguments, runtime, kind, port))
            drydock.time(app, "down")
        if (runtime, kind) == ("native", "postgres"):
            login_to_end(drydock, app, arguments, port, results)
            drydock.time(app, "down")
        versions[f"{runtime} {kind}"] = drydock.json(app, "ps", "--format", "json")[0]["version"]
        drydock.time(app, "down", "--delete-data", "--yes")


def ready_to_end(drydock, app, arguments, runtime, kind, port):
    if runtime == "native":
        observed = in_thread(lambda: ready.wait(kind, port))
        drydock.time(app, *arguments)
        return time.monotonic() - observed()
    drydock.time(app, *arguments)
    end = time.time()
    container = drydock.json(app, "ps", "--format", "json")[0]["container"]
    return end - ready.logged(kind, container)


def login_to_end(drydock, app, arguments, port, results):
    """What PostgreSQL's first login takes, by a client that logs in as early as can be, and what comes after it."""
    password = urllib.parse.urlsplit(drydock.output(app, "resources", "url", "it").decode().strip()).password
    observed = in_thread(lambda: ready.first_login(port, urllib.parse.unquote(password)))
    drydock.time(app, *arguments)
    end = time.monotonic()
    asked, answered = observed()
    results.add("native postgres first login", answered - asked)
    results.add("native postgres login", end - answered)


def has_docker(drydock):
    try:
        app = drydock.app("probe", SAMPLE.read_text())
        drydock.time(app, "up", "--runtime", "docker", "--offline", "--dry-run")
        return True
    except Failed:
        return False


def wait_for_quiet(limit):
    """Others' work would be measured too; so wait, up to a limit, until the machine has little to do."""
    end = time.monotonic() + limit
    while os.getloadavg()[0] > 0.3 * (os.cpu_count() or 1) and time.monotonic() < end:
        time.sleep(2)


def binary_size(binary):
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, binary], check=True)
        return Path(stripped.name).stat().st_size


def resources(drydock, runtimes, several, results, versions):
    """Whole commands, memory, and what readiness costs beyond the engines' own."""
    app = life_of_an_app(drydock, "native", 2 * several - 1, results)
    commands(drydock, app, 5 * several, results)
    memory(drydock, app, results)
    if "docker" in runtimes:
        app = life_of_an_app(drydock, "docker", max(2, several - 2), results)
        drydock.time(app, "down", "--delete-data", "--yes")
    for runtime in runtimes:
        # A few milliseconds are at stake natively, and a native start is quick.
        runs = 3 * several if runtime == "native" else several
        for kind in VERSIONS:
            overhead(drydock, runtime, kind, runs, results, versions)


PARTS = {
    "resources": resources,
    "services": lambda drydock, runtimes, several, results, _: services.measure(drydock, runtimes, several, results, say),
    "rack": lambda drydock, runtimes, several, results, _: rack.measure(drydock, several, results, say),
    "tests": lambda drydock, runtimes, several, results, _: throwaway.measure(drydock, runtimes, 2 * several, results, say),
    "peers": lambda drydock, runtimes, several, results, _: peers.measure(drydock, runtimes, max(2, several - 2), results, say),
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("folder")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--output", default="docs/benchmarks.md")
    parser.add_argument("--runs", type=int, default=5, help="how many runs most figures are made of, 5 by default; quick ones take more")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone, and print")
    options = parser.parse_args()
    several = 2 if options.quick else options.runs
    # Ended from outside, it still removes what it started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    wait_for_quiet(float(os.environ.get("DRYDOCK_BENCH_WAIT", "60")))
    load = [os.getloadavg()[0]]
    results, versions = Measurements(), {}
    drydock = Drydock(options.folder)
    try:
        runtimes = ["native"]
        if has_docker(drydock):
            runtimes.append("docker")
        else:
            say("no Docker engine with every image: containers are not measured")
        for part in options.only or PARTS:
            PARTS[part](drydock, runtimes, several, results, versions)
        results.add("binary", binary_size(drydock.binary))
    finally:
        drydock.remove()
    load.append(os.getloadavg()[0])
    text = report.render(results, versions, load)
    if options.quick or options.only:
        print(text, end="")
    else:
        Path(options.output).write_text(text)
        say(f"written: {options.output}")


main()
