#!/usr/bin/python3
"""Works the queue off: reads a job's file and writes the text backwards into another one.

Ends when the queue is empty, or with --follow waits for more until it is told to stop.
"""

import os
import signal
import sys

import jobs


def work(name):
    text = (jobs.folder("in") / name).read_text(encoding="utf-8")[::-1]
    if os.environ.get("SHOUT") == "yes":
        text = text.upper()
    (jobs.folder("out") / name).write_text(text, encoding="utf-8")
    (jobs.folder("in") / name).unlink()


def main():
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    follow = "--follow" in sys.argv[1:]
    queue = jobs.queue()
    worked = 0
    while not stopping:
        name = queue.rpop("jobs")
        if name is None and follow:
            item = queue.brpop("jobs", timeout=1)
            name = item and item[1]
        if name is None and not follow:
            break
        if name is not None:
            work(name)
            worked += 1
    print("WORKED  TOTAL")
    print(f"{worked:6}  {queue.incrby('worked', worked):5}")


if __name__ == "__main__":
    jobs.run(main)
