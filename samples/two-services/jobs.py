"""What both services know: the queue, the shared directory, and who reports errors how."""

import os
import sys
from pathlib import Path

import redis

TIMEOUT = 5  # seconds


def queue():
    url = os.environ.get("QUEUE_URL")
    if not url:
        sys.exit("ERROR: QUEUE_URL is not set")
    return redis.Redis.from_url(url, socket_connect_timeout=TIMEOUT, decode_responses=True)


def folder(name):
    path = Path(os.environ.get("DRYDOCK_VOLUME_SHARED", "/app/shared")) / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def run(main):
    try:
        sys.exit(main())
    except (OSError, redis.RedisError) as error:
        sys.exit(f"ERROR: {error}")
