"""drydock as the benchmark drives it: its own state folder, its own apps, times and memory of its processes."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path


class Failed(Exception):
    """A command did not end as it should."""


class Drydock:
    def __init__(self, folder):
        self.binary = str(Path(folder).resolve() / "drydock")
        self.root = Path(tempfile.mkdtemp(prefix="drydock-bench-"))
        # Engines drop from root to another user, who has to come through.
        self.root.chmod(0o711)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("DRYDOCK_")
        }
        self.errors = self.root / "stderr"
        self.latest = None
        # A process that makes data for the next time would be in the way of what is measured next.
        self.environment["DRYDOCK_SPARES"] = "0"
        # A cache of the user's own is neither used nor filled.
        self.environment.pop("XDG_CACHE_HOME", None)
        self.homes = []
        self.new_home()

    def new_home(self):
        """From here on, nothing is known of what was before: no instance, no cache."""
        self.homes.append(str(self.root / f"home{len(self.homes)}"))
        self.environment["DRYDOCK_HOME"] = self.homes[-1]

    def app(self, name, manifest):
        """The folder of a new app."""
        folder = self.root / name
        folder.mkdir()
        (folder / "convox.yml").write_text(manifest)
        return folder

    def start(self, app, *arguments, output=subprocess.DEVNULL):
        self.latest = subprocess.Popen(
            [self.binary, *arguments], cwd=app, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=self.errors.open("wb"))
        return self.latest

    def failure(self, arguments, status):
        complaint = self.errors.read_text(errors="replace")
        return Failed(f"drydock {' '.join(arguments)} ended with {status}:\n{complaint}")

    def time(self, app, *arguments):
        """The seconds from before the process is made until it has ended."""
        return self.time_and_cpu(app, *arguments)[0]

    def time_and_cpu(self, app, *arguments):
        """Besides, the seconds that processors worked for it, which other work on the machine disturbs less."""
        begin = time.monotonic()
        process = self.start(app, *arguments)
        _, ended, usage = os.wait4(process.pid, 0)
        taken = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(ended)
        if process.returncode:
            raise self.failure(arguments, process.returncode)
        return taken, usage.ru_utime + usage.ru_stime

    def output(self, app, *arguments):
        output, _ = (process := self.start(app, *arguments, output=subprocess.PIPE)).communicate()
        if process.returncode:
            raise self.failure(arguments, process.returncode)
        return output

    def json(self, app, *arguments):
        return json.loads(self.output(app, *arguments))

    def peak_memory(self, app, *arguments):
        """The most memory that drydock itself had resident, in bytes, without the tools that it runs."""
        process = self.start(app, *arguments)
        peak = 0
        while process.poll() is None:
            peak = memory(process.pid) or peak
            time.sleep(0.002)
        if process.returncode:
            raise self.failure(arguments, process.returncode)
        return peak

    def keepers(self, app):
        """The peak memory of each keeper of the app's engines, in bytes."""
        engines = [state["pid"] for state in self.json(app, "ps", "--format", "json") if "pid" in state]
        parents = [int(status(engine)["PPid"]) for engine in engines]
        assert all(status(parent)["Name"].startswith("drydock-keep") for parent in parents)
        return [memory(parent) for parent in parents]

    def left_running(self):
        """How many processes of drydock itself there are."""
        count = 0
        for link in Path("/proc").glob("[0-9]*/exe"):
            try:
                count += os.readlink(link) == self.binary
            except OSError:
                pass
        return count

    def remove(self):
        if self.latest and self.latest.poll() is None:
            self.latest.terminate()
            self.latest.wait()
        for home in self.homes:
            subprocess.run(
                [self.binary, "down", "--all", "--delete-data", "--yes", "--quiet"],
                env=self.environment | {"DRYDOCK_HOME": home}, cwd=self.root, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.root, ignore_errors=True)


def status(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {name: value.strip() for name, value in (line.split(":", 1) for line in lines if ":" in line)}


def memory(process):
    """VmHWM of a process in bytes; 0 once it has ended."""
    try:
        return int(status(process).get("VmHWM", "0 kB").split()[0]) * 1024
    except OSError:
        return 0


def in_thread(function):
    """Runs a function beside; the call of the result waits for its value."""
    box = []
    thread = threading.Thread(target=lambda: box.append(function()), daemon=True)
    thread.start()

    def value():
        thread.join()
        if not box:
            raise Failed("the observer saw no server that is ready")
        return box[0]

    return value
