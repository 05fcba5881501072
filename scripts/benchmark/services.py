"""The app's services: from resources that are up to all ready, an edit, the router, logs, Ctrl-C, the supervisor."""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

import baseline
from drydock import Failed, memory, status

SAMPLE = Path("samples/web-and-worker")
PYTHON = "/usr/bin/python3"
LONGEST = 60  # seconds that anything here may take
BODY = b"forty bytes of a body that never changes"


def until(condition, interval=0.002):
    """Polls until the condition holds and returns what it gave; the interval is how late that is seen at most."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(interval)
    raise Failed("what was waited for did not come")


def fetch(url):
    """The body, or nothing while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=LONGEST) as response:
            return response.read()
    except OSError:
        return b""


def measure(drydock, runtimes, runs, results, say):
    for runtime in runtimes:
        say(f"{runtime}: samples/web-and-worker")
        app = drydock.root / f"web-and-worker-{runtime}"
        shutil.copytree(SAMPLE, app)
        if runtime == "docker":
            (app / "Dockerfile").write_text(f"FROM {base_image()}\nWORKDIR /app\nCOPY . .\n")
        life(drydock, app, runtime, runs, results)
        drydock.time(app, "down", "--delete-data", "--yes")
    say("native: router, logs")
    router(drydock, runs, results, say)
    logs(drydock, results)


def base_image():
    """What the sample's Dockerfile has before its COPY, on an image that the tests make."""
    packages = "python3 python3-psycopg2 python3-redis"
    dockerfile = f"FROM drydock/base:bookworm\nRUN install-packages {packages}\n"
    image = "drydock/base:bench"
    subprocess.run(
        ["docker", "build", "--quiet", "--network", "host", "--tag", image, "-"], input=dockerfile.encode(), check=True,
        stdout=subprocess.DEVNULL)
    return image


# From resources that are up to all ready, an edit, the end.


def life(drydock, app, runtime, runs, results):
    drydock.time(app, "up", "--runtime", runtime)
    drydock.time(app, "start", "--detach")  # images are built and tables are there from here on
    compose = Compose(drydock) if runtime == "docker" else None
    idle(drydock, runtime, results)
    for _ in range(runs):
        if compose:
            compose.describe(drydock, app)
        drydock.time(app, "stop")
        if runtime == "native":
            results.add("native own start", own_start(drydock, app, results))
        elif compose:
            results.add("docker compose start", compose.start())
        results.add(f"{runtime} start", drydock.time(app, "start", "--detach"))
    for _ in range(runs):
        edit(drydock, app, runtime, results)
    drydock.time(app, "stop")
    for _ in range(runs):
        results.add(f"{runtime} interrupt", interrupt(drydock, app))


def variables(drydock, app, service):
    """The service's variables as a process of this machine has them."""
    output = drydock.output(app, "run", service, "--", "/usr/bin/env", "-0")
    return dict(item.split("=", 1) for item in output.decode().split("\0") if "=" in item)


def own_start(drydock, app, results):
    """The same programs by hand: the migration, then all at once, until each web answers and a second is over.

    A worker has no port; what drydock takes for ready, and this does too, is that it still runs after a second.
    """
    environments = {service: variables(drydock, app, service) for service in ("web", "worker")}
    ports = [baseline.free_port(), baseline.free_port()]
    source = (app / "web.py").read_text()
    for port in ports:
        (app / f"web{port}.py").write_text(source.replace("PORT = 3000", f"PORT = {port}"))
    programs = [("web", f"web{port}.py") for port in ports] + 3 * [("worker", "worker.py")]
    begin = time.monotonic()
    subprocess.run([PYTHON, "migrate.py"], cwd=app, env=environments["web"], check=True, stdout=subprocess.DEVNULL)
    started = time.monotonic()
    running = [
        subprocess.Popen([PYTHON, file], cwd=app, env=environments[service], stdout=subprocess.DEVNULL)
        for service, file in programs]
    for port in ports:
        until(lambda: fetch(f"http://127.0.0.1:{port}/health"))
    results.add("web own start", time.monotonic() - started)
    time.sleep(max(0, started + 1 - time.monotonic()))
    taken = time.monotonic() - begin
    for process in running:
        process.terminate()
    for process in running:
        process.wait()
    for port in ports:
        (app / f"web{port}.py").unlink()
    return taken


class Compose:
    """docker-compose with the same images, variables and network: what it starts, in the same run."""

    def __new__(cls, *arguments):
        return super().__new__(cls) if shutil.which("docker-compose") else None

    def __init__(self, drydock):
        self.folder = drydock.root / "compose"
        self.folder.mkdir()

    def describe(self, drydock, app):
        """Takes the containers that run now as the model."""
        text, network = "version: '2.4'\nservices:\n", ""
        for service, scale in (("web", 2), ("worker", 3)):
            details = inspect(containers(drydock, app, service)[0])
            network = next(iter(details["NetworkSettings"]["Networks"]))
            (self.folder / f"{service}.env").write_text("\n".join(details["Config"]["Env"]) + "\n")
            binds = [f"{mount['Source']}:{mount['Destination']}" for mount in details["Mounts"]]
            text += (
                f"  {service}:\n    image: {details['Image']}\n    env_file: {service}.env\n    scale: {scale}\n"
                f"    command: {json.dumps(details['Config']['Cmd'])}\n    volumes: {json.dumps(binds)}\n    init: true\n")
        text += f"networks:\n  default:\n    external:\n      name: {network}\n"
        (self.folder / "docker-compose.yml").write_text(text)

    def run(self, *arguments):
        done = subprocess.run(["docker-compose", *arguments], cwd=self.folder, capture_output=True, check=False)
        if done.returncode:
            raise Failed(f"docker-compose {' '.join(arguments)}: {done.stderr.decode()}")
        return done.stdout.decode()

    def start(self):
        """Until each web answers and a second is over, as above."""
        begin = time.monotonic()
        self.run("up", "-d")
        started = time.monotonic()
        for container in self.run("ps", "-q", "web").split():
            networks = inspect(container)["NetworkSettings"]["Networks"]
            address = next(iter(networks.values()))["IPAddress"]
            until(lambda: fetch(f"http://{address}:3000/health"))
        time.sleep(max(0, started + 1 - time.monotonic()))
        taken = time.monotonic() - begin
        self.run("down", "--timeout", "1")
        return taken


def inspect(container):
    return json.loads(subprocess.check_output(["docker", "inspect", container]))[0]


def services(drydock, app):
    return {item["service"]: item for item in drydock.json(app, "ps", "--services", "--format", "json")}


def containers(drydock, app, service):
    return [replica["id"] for replica in services(drydock, app)[service]["replicas"]]


def edit(drydock, app, runtime, results):
    """A hundred files that change at once, until the last one is in the container; a program, until it is new."""
    web = services(drydock, app)["web"]
    text = f"edited at {time.monotonic_ns()}\n"
    if runtime == "docker" and os.geteuid() == 0:
        process = inspect(web["replicas"][0]["id"])["State"]["Pid"]
        inside = child_root(process) / "app"
        begin = time.monotonic()
        for number in range(100):
            (app / f"note{number}.txt").write_text(text)
        until(lambda: all(content(inside / f"note{number}.txt") == text for number in range(100)))
        results.add("docker edit", time.monotonic() - begin)
    old = {replica["id"] for replica in web["replicas"]}
    if runtime == "native":
        begin = time.monotonic()
        with (app / "web.py").open("a") as file:
            file.write(f"# {text}")

        def renewed():
            answer = fetch(web["url"] + "/")
            found = re.search(rb'"web": "[^"]*:(\d+)"', answer)
            return found and found.group(1).decode() not in old

        until(renewed)
        results.add("native edit", time.monotonic() - begin)
        until(lambda: all(replica["state"] == "ready" for replica in services(drydock, app)["web"]["replicas"]), 0.1)


def child_root(process):
    """Where a container's files are seen from here, as root."""
    return Path(f"/proc/{process}/root")


def content(path):
    try:
        return path.read_text()
    except OSError:
        return None


def interrupt(drydock, app):
    """From Ctrl-C to the prompt, once all is ready."""
    process = drydock.start(app, "start")
    until(lambda: all_ready(drydock, app), 0.1)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(LONGEST)
    return time.monotonic() - begin


def all_ready(drydock, app):
    try:
        shown = subprocess.run(
            [drydock.binary, "ps", "--services", "--format", "json"], cwd=app, env=drydock.environment,
            stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    except subprocess.CalledProcessError:
        return False
    listed = json.loads(shown)
    states = [replica["state"] for service in listed for replica in service["replicas"]]
    return len(states) == 5 and set(states) == {"ready"}


def supervisors(drydock):
    """The processes that watch over services: those of drydock that go on once its commands have ended."""
    found = []
    for link in Path("/proc").glob("[0-9]*/exe"):
        try:
            if os.readlink(link) == drydock.binary:
                found.append(int(link.parent.name))
        except OSError:
            pass
    return found


def processor_time(process):
    """The seconds that it has worked."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(drydock, runtime, results, seconds=20):
    [supervisor] = supervisors(drydock)
    before = processor_time(supervisor)
    time.sleep(seconds)
    results.add(f"{runtime} supervisor idle", (processor_time(supervisor) - before) / seconds)
    results.add(
        f"{runtime} supervisor memory", int(status(supervisor)["VmRSS"].split()[0]) * 1024)


# The router.


def router(drydock, runs, results, say):
    """The same upstream directly, through the router, and through nginx with two workers."""
    if not (shutil.which("wrk") and nginx()):
        say("no wrk, or no nginx: the router is not measured")
        return
    app = drydock.app("router", "services:\n  web:\n    command: nginx -p . -c upstream.conf\n    port: 3000\n")
    manifest = (app / "convox.yml").read_text().replace("nginx", nginx(), 1)
    (app / "convox.yml").write_text(manifest)
    (app / "upstream.conf").write_text(upstream(3000))
    drydock.time(app, "start", "--detach", "--runtime", "native")
    direct, proxy = baseline.free_port(), baseline.free_port()
    folder = drydock.root / "nginx"
    folder.mkdir()
    (folder / "upstream.conf").write_text(upstream(direct))
    (folder / "proxy.conf").write_text(PROXY.format(port=proxy, upstream=direct))
    running = [subprocess.Popen([nginx(), "-p", str(folder), "-c", f"{name}.conf"], stderr=subprocess.DEVNULL)
               for name in ("upstream", "proxy")]
    urls = {
        "direct": f"http://127.0.0.1:{direct}/", "nginx": f"http://127.0.0.1:{proxy}/",
        "drydock": services(drydock, app)["web"]["url"] + "/"}
    try:
        for url in urls.values():
            until(lambda: fetch(url) == BODY)
        for _ in range(runs):
            for name, url in urls.items():
                results.add(f"router {name} rate", wrk(url, 32, 3)[0])
                results.add(f"router {name} p50", wrk(url, 1, 2)[1])
    finally:
        for process in running:
            process.terminate()
            process.wait()
    drydock.time(app, "stop")


def nginx():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def upstream(port):
    return UPSTREAM.format(port=port, body=BODY.decode())


def wrk(url, connections, seconds):
    """Requests a second, and the median time of one in seconds."""
    output = subprocess.check_output(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", url], text=True)
    if "Non-2xx" in output or "Socket errors" in output:
        raise Failed(f"wrk saw errors:\n{output}")
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", output).groups()
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    return rate, float(value) * {"us": 1e-6, "ms": 1e-3, "s": 1}[unit]


COMMON = """\
daemon off; error_log stderr; pid {name}.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path b-{name}; proxy_temp_path p-{name}; fastcgi_temp_path f-{name};
  uwsgi_temp_path u-{name}; scgi_temp_path s-{name};
"""
UPSTREAM = "worker_processes 1; " + COMMON.replace("{name}", "upstream") + """\
  keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }} }}
}}
"""
PROXY = "worker_processes 2; " + COMMON.replace("{name}", "proxy") + """\
  keepalive_requests 100000000;
  upstream app {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


# Logs.


def logs(drydock, results):
    """Lines of one service to a foreground start's output: how late they are one by one, and many at once."""
    app = drydock.app("logs", "services:\n  web:\n    command: python3 -u lines.py\n")
    (app / "lines.py").write_text(LINES)
    process = drydock.start(app, "start", "--runtime", "native", output=subprocess.PIPE)
    late, whole, first = [], 0, None
    for line in process.stdout:
        now = time.monotonic()
        if found := re.search(rb"at ([\d.]+)$", line.rstrip()):
            late.append(now - float(found.group(1)))
        elif b"many " in line:
            first = first or now
            whole += 1
        elif b"that was all" in line:
            results.add("log lines a second", whole / (now - first))
            break
    results.add("log memory", memory(process.pid))
    results.add("log p99", statistics.quantiles(late, n=100)[98])
    if whole != 100_000:
        raise Failed(f"of 100000 lines {whole} came")
    process.send_signal(signal.SIGINT)
    process.stdout.close()
    process.wait(LONGEST)


LINES = """\
import sys, time
time.sleep(1)
for _ in range(500):
    print("at", time.monotonic(), flush=True)
    time.sleep(0.005)
sys.stdout.write("".join(f"many {number}\\n" for number in range(100_000)))
print("that was all", flush=True)
time.sleep(1000)
"""
