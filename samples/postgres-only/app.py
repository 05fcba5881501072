#!/usr/bin/python3
"""Counts its own runs in the database that MYDB_URL names."""

import os
import sys

import psycopg2


def count_visit(url):
    """Adds a visit and returns how many there are now."""
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz NOT NULL DEFAULT now())")
            cursor.execute("INSERT INTO visits DEFAULT VALUES")
            cursor.execute("SELECT count(*) FROM visits")
            return cursor.fetchone()[0]
    finally:
        connection.close()


if __name__ == "__main__":
    try:
        print(f"visit {count_visit(os.environ['MYDB_URL'])}")
    except KeyError as error:
        sys.exit(f"ERROR: {error.args[0]} is not set")
    except psycopg2.Error as error:
        sys.exit(f"ERROR: {error}".strip())
