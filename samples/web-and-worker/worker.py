#!/usr/bin/python3
"""Works the queue off: a job's text goes backwards into a file, and a row says who did it."""

import os
import socket

import common


def work(cursor, text, name):
    cursor.execute("INSERT INTO jobs (text, worker) VALUES (%s, %s) RETURNING id", (text, name))
    number = cursor.fetchone()[0]
    (common.folder() / f"{number}.txt").write_text(text[::-1], encoding="utf-8")
    common.log(f"job {number}: {text}", "debug")


def main():
    told = common.stopping()
    name = f"{socket.gethostname()}:{os.getpid()}"
    queue = common.queue()
    with common.database() as cursor:
        common.log("waiting for jobs")
        while not told:
            item = queue.brpop("jobs", timeout=1)
            if item:
                work(cursor, item[1], name)


if __name__ == "__main__":
    common.run(main)
