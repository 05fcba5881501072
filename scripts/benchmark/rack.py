"""The local rack: its streams by a websocket of our own, and commands by Convox's own tool where there is one."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import time
import urllib.parse
import urllib.request

import baseline
from drydock import Failed
from services import LONGEST, services, until, variables

EXEC_BYTES = 256 << 20
PROXY_BYTES, PROXY_ROUNDS = 32 << 20, 8
EXIT_CODE = b"F1E49A85-0AD7-4AEF-A618-C249C6E6568D:"


def measure(drydock, runs, results, say):
    say("rack: exec, proxy, logs")
    app = drydock.app("racked", MANIFEST)
    (app / "lines.py").write_text(LINES)
    drydock.time(app, "start", "--detach", "--runtime", "native")
    drydock.time(app, "rack", "start", "--port", str(baseline.free_port()))
    try:
        settings = drydock.output(app, "rack", "env").decode()
        rack = Rack(re.search(r"RACK_URL='?([^'\s]+)", settings).group(1))
        process = rack.processes("racked")
        for _ in range(max(2, runs // 2)):
            results.add("exec rate", rack.exec_rate(process))
            direct, proxied = proxy_rates(rack, drydock, app)
            results.add("redis rate", direct)
            results.add("proxy rate", proxied)
        results.add("rack log", statistics.median(rack.log_delays(200)))
        if tool := shutil.which("convox"):
            by_tool(tool, drydock, app, settings, runs, results, say)
        else:
            say("no convox command: its own times are not measured")
    finally:
        drydock.time(app, "rack", "stop")
        drydock.time(app, "stop")
        drydock.time(app, "down", "--delete-data", "--yes")


class Rack:
    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)

    def socket(self, path, **headers):
        return WebSocket(self.url, path, headers)

    def processes(self, app):
        address = f"{self.url.scheme}://{self.url.hostname}:{self.url.port}/apps/{app}/processes"
        request = urllib.request.Request(address, headers={"Authorization": authorization(self.url)})
        with urllib.request.urlopen(request, context=unverified()) as response:
            return json.load(response)[0]["id"]

    def exec_rate(self, process):
        """Bytes a second of what a command prints."""
        peer = self.socket(f"/apps/racked/processes/{process}/exec", command=f"head -c {EXEC_BYTES} /dev/zero", tty="false")
        total, first = 0, None
        for _, data in peer.frames():
            first = first or time.monotonic()
            if data.startswith(EXIT_CODE):
                break
            total += len(data)
        taken = time.monotonic() - first
        if total != EXEC_BYTES:
            raise Failed(f"exec gave {total} bytes instead of {EXEC_BYTES}")
        return total / taken

    def log_delays(self, count):
        """How long after it was printed each line came."""
        peer, late, rest = self.socket("/apps/racked/logs", Prefix="true", Since="1s"), [], b""
        for _, data in peer.frames():
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if found := re.search(rb"at ([\d.]+)$", line.rstrip()):
                    late.append(time.monotonic() - float(found.group(1)))
            if len(late) >= count:
                # What was there before is as old as it is.
                return late[count // 4:]
        raise Failed("the rack's log ended")


def proxy_rates(rack, drydock, app):
    """Bytes a second of a large value of the redis, directly and through the rack."""
    url = urllib.parse.urlsplit(variables(drydock, app, "web")["RED_URL"])
    login = b"" if not url.password else f"AUTH {urllib.parse.unquote(url.password)}\r\n".encode()
    fill = login + b"SETRANGE big %d x\r\n" % (PROXY_BYTES - 1)

    def rate(receive, send):
        send(fill)
        seen = b""
        while seen.count(b"\r\n") < 1 + bool(login):
            seen += receive()
        begin, wanted = time.monotonic(), PROXY_ROUNDS * (PROXY_BYTES + len(b"$%d\r\n\r\n" % PROXY_BYTES))
        send(b"GET big\r\n" * PROXY_ROUNDS)
        total = 0
        while total < wanted:
            total += len(receive())
        return total / (time.monotonic() - begin)

    with socket.create_connection((url.hostname, url.port)) as peer:
        direct = rate(lambda: peer.recv(1 << 18), peer.sendall)
    proxied = rack.socket(f"/proxy/{url.hostname}/{url.port}")
    frames = proxied.frames()
    return direct, rate(lambda: next(frames)[1], proxied.send)


def authorization(url):
    return "Basic " + base64.b64encode(f"{url.username or ''}:{url.password or ''}".encode()).decode()


def unverified():
    """The tool does not verify a rack's certificate either."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class WebSocket:
    """As much of RFC 6455 as a rack's streams need."""

    def __init__(self, url, path, headers):
        self.peer = socket.create_connection((url.hostname, url.port))
        self.peer.settimeout(LONGEST)
        if url.scheme == "https":
            self.peer = unverified().wrap_socket(self.peer, server_hostname=url.hostname)
        head = {
            "Host": f"{url.hostname}:{url.port}", "Authorization": authorization(url), "Upgrade": "websocket",
            "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **headers}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        self.peer.sendall("\r\n".join(lines).encode())
        self.buffer = bytearray()
        while b"\r\n\r\n" not in self.buffer:
            self.receive()
        answer, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        if b" 101 " not in answer.split(b"\r\n")[0] + b" ":
            raise Failed(f"{path}: {answer.decode()}")
        self.buffer = bytearray(rest)

    def receive(self):
        data = self.peer.recv(1 << 18)
        if not data:
            raise Failed("the rack closed the connection")
        self.buffer += data

    def exactly(self, count):
        while len(self.buffer) < count:
            self.receive()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def payload(self, count):
        """The same for what may be large: it is received where it is to be, or this client would be what is measured."""
        start = self.buffer[:count]
        del self.buffer[:count]
        data = bytearray(count)
        data[:len(start)] = start
        view, have = memoryview(data), len(start)
        while have < count:
            got = self.peer.recv_into(view[have:])
            if not got:
                raise Failed("the rack closed the connection")
            have += got
        return data

    def frames(self):
        while True:
            first, second = self.exactly(2)
            length = second & 127
            if length == 126:
                [length] = struct.unpack("!H", self.exactly(2))
            elif length == 127:
                [length] = struct.unpack("!Q", self.exactly(8))
            data = self.payload(length)
            if first & 15 == 8 or (first & 15 == 2 and not data):
                return
            yield first & 15, data

    def send(self, data):
        length = struct.pack("!BB", 0x81, 128 | len(data)) if len(data) < 126 else struct.pack(
            "!BBH", 0x81, 128 | 126, len(data))
        self.peer.sendall(length + bytes(4) + data)


def by_tool(tool, drydock, app, settings, runs, results, say):
    """Whole commands of Convox's own tool; its own part is what the same command takes that asks for little."""
    say("rack: the convox command")
    environment = drydock.environment | {
        "RACK_URL": re.search(r"RACK_URL='?([^'\s]+)", settings).group(1), "HOME": str(drydock.root)}

    def convox(*arguments):
        begin = time.monotonic()
        subprocess.run(
            [tool, *arguments], cwd=app, env=environment, check=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL)
        return time.monotonic() - begin

    for _ in range(runs):
        results.add("tool version", convox("rack"))
        results.add("tool run", convox("run", "web", "true"))
    drydock.time(app, "stop")
    for _ in range(max(2, runs // 3)):
        begin = time.monotonic()
        process = subprocess.Popen(
            [tool, "start"], cwd=app, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        for line in process.stdout:
            if re.search(rb"web +\| .*at ", line):
                results.add("tool start", time.monotonic() - begin)
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.wait(LONGEST)
        until(lambda: not services(drydock, app))
        begin = time.monotonic()
        process = drydock.start(app, "start", output=subprocess.PIPE)
        for line in process.stdout:
            if b"at " in line:
                results.add("start to line", time.monotonic() - begin)
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.wait(LONGEST)


MANIFEST = """\
resources:
  red:
    type: redis
    options:
      version: "7.0"
services:
  web:
    command: python3 -u lines.py
    resources: [red]
"""
LINES = """\
import time
while True:
    print("at", time.monotonic(), flush=True)
    time.sleep(0.02)
"""
