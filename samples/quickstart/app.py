#!/usr/bin/python3
"""Uses every resource type once: writes a token, reads it back on another connection, counts the visit.

Run by itself, it prints a table; web.py shows the same as a page.
"""

import fcntl
import os
import secrets
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pymysql
import redis
from pymemcache.client.base import Client as Memcached

TIMEOUT = 5  # seconds for a connection


class Failure(Exception):
    """A resource did not do what it should."""


def variable(name):
    value = os.environ.get(name)
    if not value:
        raise Failure(f"{name} is not set")
    return value


def require_same(written, read):
    if written != read:
        raise Failure("what was written is not what is read back")


def use_database(connect):
    """Common to the SQL databases: a visit is a row, written by one connection and read by another."""
    token = secrets.token_hex(8)
    writer = connect()
    try:
        with writer.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS visits (token char(16) PRIMARY KEY)")
            cursor.execute("INSERT INTO visits VALUES (%s)", (token,))
        writer.commit()
    finally:
        writer.close()
    reader = connect()
    try:
        with reader.cursor() as cursor:
            cursor.execute("SELECT token FROM visits WHERE token = %s", (token,))
            require_same((token,), cursor.fetchone())
            cursor.execute("SELECT version(), count(*) FROM visits")
            return cursor.fetchone()
    finally:
        reader.close()


def use_postgres(url):
    version, visits = use_database(lambda: psycopg2.connect(url, connect_timeout=TIMEOUT))
    return version.split()[1], visits


def use_mysql(url):
    parts = urlsplit(url)
    version, visits = use_database(
        lambda: pymysql.connect(
            host=parts.hostname,
            port=parts.port,
            user=parts.username,
            password=parts.password,
            database=parts.path.lstrip("/"),
            connect_timeout=TIMEOUT,
        )
    )
    return version.split("-")[0], visits


def use_redis(url):
    token = secrets.token_hex(8)
    options = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "decode_responses": True}
    with redis.Redis.from_url(url, **options) as writer:
        writer.set(f"token:{token}", token, ex=60)
        visits = writer.incr("visits")
    with redis.Redis.from_url(url, **options) as reader:
        require_same(token, reader.get(f"token:{token}"))
        return reader.info("server")["redis_version"], visits


def use_memcached(url):
    host, port = url.rsplit(":", 1)
    token = secrets.token_hex(8)

    def connect():
        return Memcached((host, int(port)), connect_timeout=TIMEOUT, timeout=TIMEOUT)

    writer = connect()
    try:
        writer.set(f"token:{token}", token, expire=60, noreply=False)
        writer.add("visits", "0", noreply=False)  # keeps a number that is there
        visits = writer.incr("visits", 1, noreply=False)
    finally:
        writer.close()
    reader = connect()
    try:
        require_same(token.encode(), reader.get(f"token:{token}"))
        return reader.version().decode(), visits
    finally:
        reader.close()


def use_files(folder):
    folder = Path(folder)
    token = secrets.token_hex(8)
    with open(folder / "visits", "a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        visits = int(file.readline() or 0) + 1
        file.truncate(0)
        file.write(f"{visits}\n{token}\n")
        file.flush()
        require_same(f"{visits}\n{token}\n", (folder / "visits").read_text(encoding="ascii"))
    return "-", visits


def describe(error):
    """PyMySQL's errors are a number and a text; the others' are a text."""
    return error.args[-1] if isinstance(error, pymysql.Error) else str(error).strip()


RESOURCES = [
    ("mydb", "postgres", use_postgres, lambda: variable("MYDB_URL")),
    ("orders", "mysql", use_mysql, lambda: variable("ORDERS_URL")),
    ("legacy-db", "mariadb", use_mysql, lambda: variable("LEGACY_DB_URL")),
    ("cache", "redis", use_redis, lambda: variable("CACHE_URL")),
    ("mem", "memcached", use_memcached, lambda: variable("MEM_URL")),
    ("files", "efs", use_files, lambda: os.environ.get("DRYDOCK_VOLUME_FILES", "/app/files")),
]


def visit(name, use, address):
    """Uses one resource. Returns its version, the visits so far, the milliseconds that it took, and what went wrong."""
    start = time.monotonic()
    try:
        version, visits = use(address())
    except Exception as error:  # each driver has errors of its own, and the other resources still count
        return "-", "-", "-", describe(error)
    return version, str(visits), f"{(time.monotonic() - start) * 1000:.1f}", None


def main():
    failures = 0
    print(f"{'RESOURCE':9}  {'TYPE':9}  {'VERSION':9}  {'VISITS':>6}  {'MS':>6}")
    for name, kind, use, address in RESOURCES:
        version, visits, elapsed, error = visit(name, use, address)
        if error is not None:
            failures += 1
            print(f"ERROR: {name}: {error}", file=sys.stderr)
            continue
        print(f"{name:9}  {kind:9}  {version:9}  {visits:>6}  {elapsed:>6}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
