"""Renders the measurements as Markdown."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

KINDS = ("postgres", "mysql", "mariadb", "redis", "memcached")


def milliseconds(value):
    return f"{value * 1000:.0f} ms" if value < 10 else f"{value:.1f} s"


def megabytes(value):
    return f"{value / 1e6:.1f} MB"


def goals(results):
    """What is measured, its value, its bound, how both are written."""
    median = results.median
    single = [median(f"native {kind} overhead") for kind in KINDS]
    ratio = median("native cold") / median("script")
    yield "second `up`, five servers running, native", median("native second"), 0.150, milliseconds
    yield "`drydock env web`", median("env"), 0.030, milliseconds
    yield "`drydock --help`", median("help"), 0.030, milliseconds
    yield "`drydock run web -- true`, over plain `true`", median("run over true"), 0.030, milliseconds
    yield "readiness overhead, native, worst engine", max(single), 0.020, milliseconds
    yield "cold native `up` of all six types, over the script", ratio, 1.15, lambda value: f"{value:.2f} ×"
    yield "resident memory of drydock during `up`, peak", median("memory"), 60e6, megabytes
    yield "resident memory of a keeper, peak, largest", max(results.samples["keeper memory"]), 2e6, megabytes
    yield "processes of drydock itself after `up`", median("left running"), 0, lambda value: f"{value:.0f}"
    yield "release binary, stripped, Swift runtime inside", median("binary"), 80e6, megabytes


def cell(results, name):
    values = results.samples.get(name)
    if not values:
        return "–"
    low, high = milliseconds(min(values)), milliseconds(max(values))
    return f"**{milliseconds(results.median(name))}** ({low} to {high}, {len(values)} runs)"


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


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
    met = [
        [name, write(value), f"≤ {write(bound)}", "yes" if value <= bound else "**no**"]
        for name, value, bound, write in goals(results)
    ]
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
    return TEMPLATE.format(
        machine=machine(load), goals=table(["measured", "median", "goal", "met"], met),
        lives=table(["samples/quickstart, six types", "native", "Docker"], lives),
        engines=table(["engine", "runtime", "version", "data there", "fresh"], engines),
        small=table(["", "median", "of it processor time"], small))


TEMPLATE = """\
# Benchmarks

Written by `make bench`; do not edit. {machine}
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

{engines}
## Memory

VmHWM of the processes, read while they run: of drydock during a cold native `up` of all six types, of each keeper after
it.
"""
