"""What the programs know in common: the database, the queue, the shared directory, and the end."""

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import redis

TIMEOUT = 5  # seconds for a connection


def variable(name):
    value = os.environ.get(name)
    if not value:
        sys.exit(f"ERROR: {name} is not set")
    return value


@contextmanager
def database():
    """A cursor on a connection of its own; each statement counts at once."""
    connection = psycopg2.connect(variable("DB_URL"), connect_timeout=TIMEOUT)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def queue():
    return redis.Redis.from_url(variable("QUEUE_URL"), socket_connect_timeout=TIMEOUT, decode_responses=True)


def folder():
    """Mounted in a container, and on AWS; a process of this machine is told where else it is."""
    return Path(os.environ.get("DRYDOCK_VOLUME_SHARED", "/srv/shared"))


def log(text, level="info"):
    if level == "info" or os.environ.get("LOG_LEVEL") == "debug":
        print(text, flush=True)


def stopping():
    """A list that is no longer empty once the program was told to stop."""
    told = []
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    return told


def run(main):
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, psycopg2.Error, redis.RedisError) as error:
        sys.exit(f"ERROR: {str(error).strip()}")
