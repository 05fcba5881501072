#!/usr/bin/python3
"""Brings the tables into their newest form, step by step. May run at any time, as often as one likes."""

import common

STEPS = [
    "CREATE TABLE jobs (id bigserial PRIMARY KEY, text text NOT NULL, worker text NOT NULL)",
    "ALTER TABLE jobs ADD COLUMN done timestamptz NOT NULL DEFAULT now()",
    "CREATE TABLE tallies (minute timestamptz PRIMARY KEY, jobs bigint NOT NULL)",
]


def main():
    with common.database() as cursor:
        # One at a time, whoever else migrates.
        cursor.execute("SELECT pg_advisory_lock(1)")
        cursor.execute("CREATE TABLE IF NOT EXISTS steps (number int PRIMARY KEY)")
        cursor.execute("SELECT coalesce(max(number), 0) FROM steps")
        done = cursor.fetchone()[0]
        for number, step in enumerate(STEPS[done:], done + 1):
            cursor.execute("BEGIN")
            cursor.execute(step)
            cursor.execute("INSERT INTO steps VALUES (%s)", (number,))
            cursor.execute("COMMIT")
            common.log(f"migrated: step {number}")
        common.log(f"the tables are those of step {len(STEPS)}")


if __name__ == "__main__":
    common.run(main)
