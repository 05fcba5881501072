"""When an engine is ready, seen from outside."""

import base64
import datetime
import hashlib
import hmac
import json
import os
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


def first_login(port, password, interval=0.001, limit=120):
    """Logs into PostgreSQL as soon as it asks for a password, and asks it a question.

    Its first client waits longer than those after it: the server makes its cache of relations anew at each start, when
    somebody logs in. Returns the moments at which it asked and at which it had answered.
    """
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
                peer.sendall(POSTGRES_STARTUP)
                stream = peer.makefile("rb")
                kind, offer = message(stream)
                if kind == b"R":
                    return time.monotonic(), answered(peer, stream, offer, password)
        except OSError:
            pass
        time.sleep(interval)
    raise TimeoutError(f"PostgreSQL on port {port} was not ready within {limit} s")


def message(stream):
    """A message of PostgreSQL's protocol: its letter and what is in it."""
    head = stream.read(5)
    if len(head) < 5:
        raise ConnectionError("the server has hung up")
    return head[:1], stream.read(struct.unpack("!i", head[1:])[0] - 4)


def answered(peer, stream, offer, password):
    """The login by SCRAM-SHA-256 (RFC 5802) and a question. Returns the moment at which it is answered."""

    def send(letter, content):
        peer.sendall(letter + struct.pack("!i", len(content) + 4) + content)

    def expect(letter, code=None):
        kind, content = message(stream)
        if kind != letter or (code is not None and struct.unpack("!i", content[:4])[0] != code):
            raise ConnectionError(f"PostgreSQL answered {kind!r} {content!r}")
        return content[4:]

    if b"SCRAM-SHA-256\0" not in offer:
        raise ConnectionError("PostgreSQL asks for another kind of login")
    first = b"n=,r=" + base64.b64encode(os.urandom(18))
    send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(first) + 3) + b"n,," + first)
    challenge = expect(b"R", 11)
    fields = dict(field.split(b"=", 1) for field in challenge.split(b","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields[b"s"]), int(fields[b"i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    last = b"c=biws,r=" + fields[b"r"]
    signature = hmac.digest(hashlib.sha256(key).digest(), b",".join([first, challenge, last]), "sha256")
    proof = bytes(left ^ right for left, right in zip(key, signature))
    send(b"p", last + b",p=" + base64.b64encode(proof))
    expect(b"R", 12)
    expect(b"R", 0)
    while message(stream)[0] != b"Z":
        pass
    send(b"Q", b"SELECT 1\0")
    while message(stream)[0] != b"Z":
        pass
    return time.monotonic()


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
