"""When an engine is ready, seen from outside and without a password."""

import datetime
import json
import re
import socket
import struct
import subprocess
import time

# A start-up message of PostgreSQL's protocol 3.0 for the user and the database that drydock makes.
POSTGRES_STARTUP = b"user\0app\0database\0app\0\0"
POSTGRES_STARTUP = struct.pack("!ii", len(POSTGRES_STARTUP) + 8, 196608) + POSTGRES_STARTUP


def answers(kind, port):
    """Whether the server answers its protocol and takes clients; an accepted connection alone says nothing."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as peer:
            if kind == "postgres":
                peer.sendall(POSTGRES_STARTUP)
                return peer.recv(1) == b"R"  # asks for the password; E while it is starting up
            if kind in ("mysql", "mariadb"):
                # The greeting of protocol 10; or an error where no account may come from this address.
                return peer.recv(5)[4:5] in (b"\x0a", b"\xff")
            if kind == "redis":
                peer.sendall(b"PING\r\n")
                return peer.recv(5) == b"+PONG"
            peer.sendall(b"version\r\n")
            return peer.recv(7) == b"VERSION"
    except OSError:
        return False


def wait(kind, port, interval=0.001, limit=120):
    """Polls until the server is ready. Returns the moment on the monotonic clock at which it was seen."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if answers(kind, port):
            return time.monotonic()
        time.sleep(interval)
    raise TimeoutError(f"{kind} on port {port} was not ready within {limit} s")


READY_LINES = {
    "postgres": "database system is ready to accept connections",
    "mysql": r"ready for connections.*port: 3306\b",
    "mariadb": r"ready for connections",
    "redis": "Ready to accept connections",
}


def logged(kind, container):
    """The moment, as seconds since 1970, at which a container's engine last said that it is ready.

    Docker stamps each line when it reads it. memcached says nothing; there it is the container's start.
    A poll from outside would disturb: docker-proxy accepts before the engine listens.
    """
    if kind not in READY_LINES:
        details = json.loads(subprocess.check_output(["docker", "inspect", container]))
        return seconds(details[0]["State"]["StartedAt"])
    command = ["docker", "logs", "--timestamps", "--tail", "200", container]
    log = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True).stdout
    lines = [line for line in log.decode(errors="replace").splitlines() if re.search(READY_LINES[kind], line)]
    return max(seconds(line.split(" ", 1)[0]) for line in lines)


def seconds(stamp):
    """Seconds since 1970 of a time with nanoseconds, as Docker writes it."""
    whole, fraction = re.match(r"([^.Z]+)\.?(\d*)Z", stamp).groups()
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + float(f"0.{fraction or 0}")
