"""What others take for the same, in the same run and by turns: docker-compose, testcontainers, pgserver, pytest-postgresql."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time

import baseline
import ready
from drydock import Failed
from throwaway import FIVE, POSTGRES

SECRET = {"postgres": "POSTGRES_PASSWORD", "mysql": "MYSQL_ROOT_PASSWORD", "mariadb": "MARIADB_ROOT_PASSWORD"}
IMAGES = {
    "postgres": ("drydock/postgres:15", 5432), "mysql": ("drydock/mysql:9", 3306),
    "mariadb": ("drydock/mariadb:10.11", 3306), "redis": ("drydock/redis:7.0", 6379),
    "memcached": ("drydock/memcached:1.6", 11211)}
# Each prints the seconds from nothing to the first query of a new PostgreSQL, its own import left out.
LIBRARIES = {
    "testcontainers": """
import time, psycopg2
from testcontainers.postgres import PostgresContainer
begin = time.monotonic()
with PostgresContainer("drydock/postgres:15", driver=None) as server:
    psycopg2.connect(server.get_connection_url()).cursor().execute("SELECT 1")
    print(time.monotonic() - begin)
""",
    "pgserver": """
import tempfile, time, pgserver
with tempfile.TemporaryDirectory() as folder:
    begin = time.monotonic()
    server = pgserver.get_server(folder)
    server.psql("SELECT 1")
    print(time.monotonic() - begin)
    server.cleanup()
""",
}


def measure(drydock, runtimes, runs, results, say):
    compose = Compose(drydock.root) if "docker" in runtimes and shutil.which("docker-compose") else None
    if compose is None:
        say("no docker-compose, or no Docker: it is left out")
    libraries = [name for name in LIBRARIES if importlib.util.find_spec(name)]
    for name in LIBRARIES.keys() - set(libraries):
        say(f"no {name}: it is left out")
    for run in range(runs):
        say(f"beside others, run {run + 1} of {runs}")
        for kinds, name, manifest in ((tuple(IMAGES), "five", FIVE), (("postgres",), "postgres", POSTGRES)):
            if compose:
                compose.lives(kinds, name, results)
            for runtime in runtimes:
                app = drydock.app(f"peer-{name}-{runtime}-{run}", manifest)
                results.add(f"drydock {runtime} {name} fresh", drydock.time(app, "up", "--runtime", runtime))
                results.add(f"drydock {runtime} {name} running", drydock.time(app, "up"))
                drydock.time(app, "down")
                results.add(f"drydock {runtime} {name} data", drydock.time(app, "up"))
                drydock.time(app, "down", "--delete-data", "--yes")
        for name in libraries:
            results.add(f"{name} postgres fresh", by_library(LIBRARIES[name]))


def by_library(program):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False,
        env=os.environ | {"TESTCONTAINERS_RYUK_DISABLED": "true"})
    if done.returncode:
        raise Failed(done.stderr.decode())
    return float(done.stdout.split()[-1])


class Compose:
    """The same engines by docker-compose, until each answers its protocol."""

    def __init__(self, root):
        self.folder = root / "peers"
        self.folder.mkdir()

    def run(self, *arguments):
        done = subprocess.run(["docker-compose", *arguments], cwd=self.folder, capture_output=True, check=False)
        if done.returncode:
            raise Failed(f"docker-compose {' '.join(arguments)}: {done.stderr.decode()}")

    def lives(self, kinds, name, results):
        ports = {kind: baseline.free_port() for kind in kinds}
        text = "version: '2.4'\nservices:\n"
        for kind, port in ports.items():
            image, inside = IMAGES[kind]
            text += f"  {kind}:\n    image: {image}\n    ports: ['127.0.0.1:{port}:{inside}']\n"
            if kind in SECRET:
                text += f"    environment: {{ {SECRET[kind]}: secret }}\n"
        (self.folder / "docker-compose.yml").write_text(text)
        for state in ("fresh", "running", "data"):
            if state == "data":
                self.run("stop")
            begin = time.monotonic()
            self.run("up", "-d")
            for kind, port in ports.items():
                ready.wait(kind, port)
            results.add(f"compose {name} {state}", time.monotonic() - begin)
        self.run("down", "--volumes")
