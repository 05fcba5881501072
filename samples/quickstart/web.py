#!/usr/bin/python3
"""A page that shows every resource answering: each time it is loaded, each of them is used."""

import html
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app

PORT = 3000

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>quickstart</title>
<style>
  body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 48rem; padding: 0 1rem }}
  table {{ border-collapse: collapse; width: 100% }}
  th, td {{ border-bottom: 1px solid #ccc; padding: .4rem .6rem; text-align: left }}
  .failed {{ color: #b00 }}
</style>
<h1>{title}</h1>
<table>
<tr><th>Resource<th>Type<th>Version<th>Visits<th>ms
{rows}
</table>
<p>Reload the page to visit each of them once more.
</html>
"""


def page():
    """Uses every resource. Returns the status and the page."""
    rows = []
    failures = 0
    for name, kind, use, address in app.RESOURCES:
        version, visits, elapsed, error = app.visit(name, use, address)
        cells = [name, kind] + ([version, visits, elapsed] if error is None else [])
        row = "".join(f"<td>{html.escape(cell)}" for cell in cells)
        if error is not None:
            failures += 1
            row += f'<td class="failed" colspan="3">{html.escape(error)}'
        rows.append(f"<tr>{row}")
    title = f"{failures} of {len(rows)} resources failed" if failures else "Every resource answers"
    return 500 if failures else 200, PAGE.format(title=title, rows="\n".join(rows))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            return self.answer(200, "fine\n", "text/plain")
        if self.path != "/":
            return self.answer(404, "there is / only\n", "text/plain")
        self.answer(*page(), "text/html")

    def answer(self, status, text, kind):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        if self.path != "/health":
            print(f"{self.command} {self.path} {values[1] if len(values) > 1 else ''}".rstrip(), flush=True)


def main():
    server = ThreadingHTTPServer(("0.0.0.0", PORT), Handler)
    # The server's loop cannot end itself from within a signal.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on {PORT}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    main()
