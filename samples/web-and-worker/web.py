#!/usr/bin/python3
"""Shows what there is, and takes jobs: GET / and POST /jobs with a text as the body."""

import json
import os
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import common

PORT = 3000
LONGEST = 65536  # bytes of a job


def state():
    """Where the answer comes from, and what each resource has."""
    queue = common.queue()
    with common.database() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT worker) FROM jobs")
        done, workers = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM tallies")
        tallies = cursor.fetchone()[0]
    return {
        "web": f"{socket.gethostname()}:{os.getpid()}",
        "hits": queue.incr("hits"),
        "waiting": queue.llen("jobs"),
        "done": done,
        "workers": workers,
        "tallies": tallies,
        "files": len(list(common.folder().glob("*.txt"))),
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            return self.answer(200, {"healthy": True})
        if self.path != "/":
            return self.answer(404, {"error": "there are / and /jobs"})
        try:
            self.answer(200, state())
        except Exception as error:  # whichever resource it is, the page says so
            common.log(f"ERROR: {error}")
            self.answer(500, {"error": str(error).strip()})

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/jobs" or not 0 < length <= LONGEST:
            self.close_connection = True
            return self.answer(400, {"error": "POST a text to /jobs"})
        text = self.rfile.read(length).decode("utf-8", "replace")
        self.answer(202, {"waiting": common.queue().lpush("jobs", text)})

    def answer(self, status, value):
        body = (json.dumps(value) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        if self.path != "/health":
            common.log(f"{self.command} {self.path} {values[1] if len(values) > 1 else ''}".rstrip())


def main():
    server = ThreadingHTTPServer(("0.0.0.0", PORT), Handler)
    # The server's loop cannot end itself from within a signal.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    common.log(f"listening on {PORT}")
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    common.run(main)
