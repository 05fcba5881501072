"""Renders the measurements as Markdown."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

# What Convox's tool (v3) waits by itself, in seconds, however fast a rack is. `run` asks whether its process runs at every
# second's end, and wants to hear it twice in a row (pkg/common, WaitForProcessRunning); `start` asks for its build one
# second after the log of that has ended (pkg/start, waitForBuild).
TOOL_RUN_WAITS, TOOL_START_WAITS = 2.0, 1.0

KINDS = ("postgres", "mysql", "mariadb", "redis", "memcached")


def milliseconds(value):
    if value < 0.01:
        return f"{value * 1000:.2f} ms"
    return f"{value * 1000:.0f} ms" if value < 10 else f"{value:.1f} s"


def megabytes(value):
    return f"{value / 1e6:.1f} MB"


def megabytes_a_second(value):
    return f"{value / 1e6:.0f} MB/s"


def times(value):
    return f"{value:.2f} ×"


def percent(value):
    return f"{value * 100:.2f} %"


def goals(results):
    """What is measured, its value, its bound, how both are written; a bound that is a tuple is the least."""
    median = results.median
    single = [median("native postgres login" if kind == "postgres" else f"native {kind} overhead") for kind in KINDS]
    yield "second `up`, five servers running, native", median("native second"), 0.150, milliseconds
    yield "`drydock env web`", median("env"), 0.030, milliseconds
    yield "`drydock --help`", median("help"), 0.030, milliseconds
    yield "`drydock run web -- true`, over plain `true`", median("run over true"), 0.030, milliseconds
    yield "readiness overhead, native, worst engine, PostgreSQL's beyond a first login", largest(single), 0.020, milliseconds
    yield "cold native `up` of all six types, over the script", ratio(results, "native cold", "script"), 1.15, times
    yield "resident memory of drydock during `up`, peak", median("memory"), 60e6, megabytes
    yield "resident memory of a keeper, peak, largest", largest(results.samples.get("keeper memory", [])), 2e6, megabytes
    yield "processes of drydock itself after `up`", median("left running"), 0, lambda value: f"{value:.0f}"
    yield "release binary, stripped, Swift runtime inside", median("binary"), 80e6, megabytes


def service_goals(results):
    median = results.median
    more = difference(results, "native start", "native own start")
    yield "web-and-worker, resources up, to all ready, processes, beyond the programs' own start", more, 0.6, milliseconds
    beyond = difference(results, "docker start", "native own start")
    yield "the same, containers, images built", beyond, 1.5, milliseconds
    yield "100 edited files, to their bytes in the container", median("docker edit"), 0.25, milliseconds
    renewed = difference(results, "native edit", "web own start")
    yield "an edited program, to the new one listening, beyond its own start", renewed, 0.3, milliseconds
    added = difference(results, "router drydock p50", "router direct p50")
    yield "router, added to a request", added, 0.0002, milliseconds
    rate = ratio(results, "router drydock rate", "router nginx rate")
    yield "router, requests a second, over nginx's", rate, (0.5,), times
    yield "a log line to the terminal, 99 of 100", median("log p99"), 0.02, milliseconds
    yield "100,000 log lines at once, memory of drydock", median("log memory"), 60e6, megabytes
    yield "Ctrl-C to the prompt, processes", median("native interrupt"), 1, milliseconds
    yield "Ctrl-C to the prompt, containers", median("docker interrupt"), 1, milliseconds
    yield "supervisor, idle, memory", median("native supervisor memory"), 35e6, megabytes
    yield "supervisor, idle, of a core", median("native supervisor idle"), 0.002, percent


def rack_goals(results):
    median = results.median
    start = difference(results, "tool start", "start to line", TOOL_START_WAITS)
    yield "`convox start` (v3) to the first line, beyond `drydock start` and the tool's own second", start, 1, milliseconds
    run = difference(results, "tool run", "tool version", TOOL_RUN_WAITS)
    yield "`convox run web true`, beyond `convox rack` and the tool's own two seconds", run, 1.2, milliseconds
    yield "exec, what a command prints", median("exec rate"), (100e6,), megabytes_a_second
    yield "proxy, over a direct connection", ratio(results, "proxy rate", "redis rate"), (0.6,), times
    yield "a log line to `convox logs`", median("rack log"), 0.1, milliseconds


def test_goals(results):
    median = results.median
    yield "`drydock test -- true`, postgres and redis, native", median("native test two"), 0.2, milliseconds
    yield "the same, five engines, native", median("native test five"), 0.45, milliseconds
    yield "the same, five engines, Docker", median("docker test five"), 1.8, milliseconds
    yield "a new durable PostgreSQL, native", median("new postgres"), 0.12, milliseconds
    yield "the same after 50,000 files were deleted", median("new postgres after deletions"), 0.12, milliseconds
    yield "five new durable engines, Docker", median("docker new five"), 2.3, milliseconds
    fresh = largest([median(f"docker {kind} fresh") for kind in KINDS])
    yield "readiness overhead, Docker, new data, worst engine", fresh, 0.05, milliseconds
    for key, name, pool, made in (
        ("pg", "PostgreSQL", 0.002, 0.025), ("my", "MySQL's stand-in", 0.005, 0.06), ("maria", "MariaDB", 0.005, 0.03)):
        yield f"a clean {name} from the pool", median(f"{key} pool"), pool, milliseconds
        yield f"a clean {name} made", median(f"{key} made"), made, milliseconds
    yield "a suite with a clean PostgreSQL each, over one without", ratio(results, "suite isolated", "suite shared"), 1.2, times
    yield "an idle PostgreSQL, its share of memory, of 20 at once", median("idle postgres"), 45e6, megabytes


def difference(results, name, less, further=0):
    value, other = results.median(name), results.median(less)
    return None if value is None or other is None else max(0, value - other - further)


def ratio(results, name, over):
    value, other = results.median(name), results.median(over)
    return None if value is None or other is None else value / other


def largest(values):
    known = [value for value in values if value is not None]
    return max(known) if known else None


def met(found):
    """The rows of what was measured; what this machine lacks the programs for is left out, by name below."""
    for name, value, bound, write in found:
        if value is None:
            continue
        least = isinstance(bound, tuple)
        wanted = bound[0] if least else bound
        fine = value >= wanted if least else value <= wanted
        yield [name, write(value), f"{'≥' if least else '≤'} {write(wanted)}", "yes" if fine else "**no**"]


GOALS = {"goals": goals, "services": service_goals, "rack": rack_goals, "tests": test_goals}


def goal_table(found):
    return table(["measured", "median", "goal", "met"], met(found))


def cell(results, name):
    values = results.samples.get(name)
    if not values:
        return "–"
    low, high = milliseconds(min(values)), milliseconds(max(values))
    return f"**{milliseconds(results.median(name))}** ({low} to {high}, {len(values)} runs)"


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def peers(results):
    rows = []
    for title, key in (
        ("drydock, native", "drydock native"), ("drydock, Docker", "drydock docker"), ("docker-compose", "compose"),
        ("testcontainers", "testcontainers"), ("pgserver", "pgserver")):
        names = [f"{key} {name}" for name in ("five fresh", "five data", "five running", "postgres fresh", "postgres data")]
        if any(name in results.samples for name in names):
            rows.append([title, *(cell(results, name) for name in names)])
    return table(
        ["", "five engines, new", "data there", "running", "PostgreSQL alone, new", "data there"], rows)


def cpu():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def machine(load):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    docker = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False
    ) if os.path.exists("/usr/bin/docker") else None
    engine = f", Docker engine {docker.stdout.strip()}" if docker and docker.returncode == 0 else ""
    busy = "Others kept the machine busy: read the times as upper bounds. " if min(load) > (os.cpu_count() or 1) else ""
    return (
        f"{cpu()}, {os.cpu_count()} cores, {memory:.0f} GB of memory, {system}, Linux "
        f"{platform.release().split('-')[0]}{engine}. {datetime.date.today().isoformat()}, "
        f"load average {load[0]:.1f} before and {load[1]:.1f} after. {busy}".rstrip() + "\n")


def render(results, versions, load):
    lives = [
        [name, cell(results, f"native {key}"), cell(results, f"docker {key}")]
        for name, key in (
            ("cold `up`, nothing there", "cold"), ("second `up`, all running", "second"),
            ("`up` after `down`, data there", "after down"),
            ("`up` of the third new app, engines known", "third app"))
    ]
    engines = [
        [kind, runtime, versions[f"{runtime} {kind}"], cell(results, f"{runtime} {kind} overhead"),
         cell(results, f"{runtime} {kind} fresh")]
        for runtime in ("native", "docker") for kind in KINDS if f"{runtime} {kind}" in versions
    ]
    small = [[name, cell(results, key), cell(results, f"{key} cpu")] for name, key in (
        ("`drydock env web`", "env"), ("`drydock --help`", "help"),
        ("`drydock run web -- true`, less a plain `true`", "run over true"),
        ("the script that cold `up` is compared with", "script"))]
    compose = results.median("docker compose start")
    login = results.median("native postgres first login")
    tool = results.median("tool version")
    return TEMPLATE.format(
        peers=peers(results),
        login=f"A client that did nothing else and logged in as early as can be had its first answer {milliseconds(login)} after "
        f"the question for its password, and `up` was done "
        f"{milliseconds(results.median('native postgres login'))} after that. " if login else "",
        compose=f"docker-compose takes {milliseconds(compose)} for the same containers, drydock "
        f"{milliseconds(results.median('docker start'))}. " if compose else "",
        tool=f"The convox command (v3) takes {milliseconds(tool)} for `convox rack`. It waits by itself, whatever a rack "
        "does: `run` for two seconds, until it has seen its process run twice, `start` for one before it asks for its build." if tool else "The convox command was not on this machine.",
        machine=machine(load), **{name: goal_table(found(results)) for name, found in GOALS.items()},
        lives=table(["samples/quickstart, six types", "native", "Docker"], lives),
        engines=table(["engine", "runtime", "version", "data there", "fresh"], engines),
        small=table(["", "median", "of it processor time"], small))


TEMPLATE = """\
# Benchmarks

Written by `make bench`; do not edit. {machine}
Machines differ by a factor of four: `--help`, which does next to nothing, and the script that starts the engines by hand are
the yardsticks, and the ratios count.

{goals}
## Times

Whole processes of the release build, from before the process is made until it has ended.

{lives}
{small}
The script runs what a person would write by hand: initdb and twice mariadb-install-db with the settings that drydock
gives, then the five servers, all at the same time, each polled every 5 ms until it answers its protocol. It makes no
accounts and no databases; `up` does, but makes MariaDB's data once and copies it. The two take turns, each in new
folders, and nothing is deleted in between, so that neither pays for clearing up after the other. About one in five runs
of mariadb-install-db takes a second longer, whoever starts it; the script runs it twice and `up` once, so that the
ratio swings from one benchmark to the next.

## Readiness overhead

From the moment at which the engine is ready to the end of `drydock up`, with one resource: the proof by login, the
variables' files and drydock's own end. Natively an observer beside drydock asks the engine in its protocol every
millisecond; in Docker the moment is the engine's own log line as Docker stamped it, and for memcached, which logs nothing,
the container's start. "Fresh" has the accounts and the database made in between; the goal is for data that is there.

PostgreSQL is ready for the observer when it asks for a password. Its first client then waits longer than any after it, whoever
that is: at each start the server makes its cache of relations anew, when somebody logs in. {login}The goal is for what
comes after that login.

{engines}
## Services

samples/web-and-worker: a web at scale 2, a worker at scale 3, a migration before them; a worker counts as ready when it still
runs after a second, which is in both sides of the first rows. {compose}The router's upstream is an nginx with one worker and
a body of 40 bytes; the nginx beside it has two workers, keeps 128 connections to the upstream and logs nothing; wrk has one
thread, with 32 connections for the rate and one for the time of a request. All of them share the machine.

{services}
## The rack

Streams by a plain websocket client. {tool}

{rack}
## Tests

{tests}
A suite is a hundred tests of 50 ms; a database has twenty tables with an index each. "Made" is one of 60 that were asked for
in a row, with nothing in between. MySQL is MariaDB standing in.

Where the time goes where a goal is missed. Natively, half of it is the servers' own start and first login. In Docker, the
engine makes, starts and removes containers for most of the time, and takes the longer the more are under way; with new data
there is also a container that fills the volume. A clean database is a `CREATE DATABASE ... STRATEGY` and its
files; the goals are of a machine three to four times as fast as one on which `--help` takes 20 ms.

## Beside others

The same engines and images by turns, from the command until every engine answers; drydock proves each by a login, makes its
accounts and databases, and keeps the data on disk, as docker-compose does. A library's own import is left out. MySQL is MariaDB
natively.

{peers}
## Memory

VmHWM of the processes, read while they run: of drydock during a cold native `up` of all six types, of each keeper after
it.
"""
