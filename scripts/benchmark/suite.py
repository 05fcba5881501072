"""What a test suite sees: run by `drydock test`, it asks for clean databases and prints the seconds as JSON."""

import http.client
import json
import os
import sys
import time
import urllib.parse

import psycopg2
import pymysql

TABLES = 20
TESTS = 100
TEST = 0.05  # seconds of a test's own work


class Pool:
    """IntegreSQL's interface of one resource, over one connection as its clients keep it."""

    def __init__(self, name):
        address = urllib.parse.urlsplit(os.environ[f"{name}_INTEGRESQL_URL"])
        self.path = f"{address.path}/v1/templates"
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)

    def ask(self, method, path, **form):
        self.connection.request(
            method, self.path + path, urllib.parse.urlencode(form) if form else None,
            {"Content-Type": "application/x-www-form-urlencoded"} if form else {})
        response = self.connection.getresponse()
        body = response.read()
        if response.status >= 300:
            sys.exit(f"{method} {path}: {response.status} {body.decode()}")
        return json.loads(body) if body else None


def connect(name, answer):
    config = answer["database"]["config"]
    library = psycopg2 if name == "PG" else pymysql
    return library.connect(
        host=config["host"], port=config["port"], user=config["username"], password=config["password"],
        database=config["database"])


def fill(name, answer):
    """Twenty tables with an index each, and a few rows."""
    connection = connect(name, answer)
    with connection.cursor() as cursor:
        for number in range(TABLES):
            cursor.execute(f"CREATE TABLE t{number} (id int PRIMARY KEY, name varchar(50), at int)")
            cursor.execute(f"CREATE INDEX t{number}_name ON t{number} (name)")
            cursor.execute(f"INSERT INTO t{number} VALUES (1, 'a', 1), (2, 'b', 2)")
    connection.commit()
    connection.close()


def timed(function):
    begin = time.perf_counter()
    value = function()
    return time.perf_counter() - begin, value


def clean(name, results):
    """The pool's answer when it had time, and when it is asked for more than it has made ahead."""
    pool = Pool(name)
    fill(name, pool.ask("POST", "", hash="bench"))
    pool.ask("PUT", "/bench")
    key = name.lower()
    for _ in range(25):
        time.sleep(0.3)  # a test's own work; the pool makes the next one
        taken, answer = timed(lambda: pool.ask("GET", "/bench/tests"))
        results.setdefault(f"{key} pool", []).append(taken)
        connect(name, answer).close()
        pool.ask("POST", f"/bench/tests/{answer['id']}/recreate")
    begin = time.perf_counter()
    for _ in range(60):
        answer = pool.ask("GET", "/bench/tests")
        pool.ask("POST", f"/bench/tests/{answer['id']}/recreate")
    results.setdefault(f"{key} made", []).append((time.perf_counter() - begin) / 60)


def suite(pool, isolated):
    """A hundred tests, each of which writes and then works for its 50 ms, with a clean database each or one for all."""
    shared = pool.ask("GET", "/bench/tests")
    for number in range(TESTS):
        answer = pool.ask("GET", "/bench/tests") if isolated else shared
        connection = connect("PG", answer)
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO t0 VALUES (%s, 'c', 3)", (number + 3,))
        connection.commit()
        time.sleep(TEST)
        connection.close()
        if isolated:
            pool.ask("POST", f"/bench/tests/{answer['id']}/recreate")


def main():
    results = {}
    for name in ("PG", "MY", "MARIA"):
        clean(name, results)
    pool = Pool("PG")
    for kind, isolated in (("shared", False), ("isolated", True)):
        results[f"suite {kind}"] = [timed(lambda: suite(pool, isolated))[0]]
    json.dump(results, sys.stdout)


main()
