#!/usr/bin/python3
"""Notes each minute how many jobs are done. A timer runs it."""

import common


def main():
    with common.database() as cursor:
        cursor.execute(
            "INSERT INTO tallies SELECT date_trunc('minute', now()), count(*) FROM jobs"
            " ON CONFLICT (minute) DO UPDATE SET jobs = excluded.jobs RETURNING jobs"
        )
        common.log(f"jobs done: {cursor.fetchone()[0]}")


if __name__ == "__main__":
    common.run(main)
