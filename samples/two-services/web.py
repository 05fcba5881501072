#!/usr/bin/python3
"""Takes jobs in: each argument becomes a file in the shared directory and an entry in the queue."""

import secrets
import sys

import jobs


def submit(queue, text):
    name = f"{secrets.token_hex(8)}.txt"
    (jobs.folder("in") / name).write_text(text, encoding="utf-8")
    queue.lpush("jobs", name)


def main():
    texts = sys.argv[1:] or ["ahoy"]
    queue = jobs.queue()
    for text in texts:
        submit(queue, text)
    done = len(list(jobs.folder("out").iterdir()))
    print("SUBMITTED  WAITING  DONE")
    print(f"{len(texts):9}  {queue.llen('jobs'):7}  {done:4}")


if __name__ == "__main__":
    jobs.run(main)
