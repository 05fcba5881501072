#!/bin/sh
# The programs against real engines, new and empty: drydock test
set -eu
/usr/bin/python3 migrate.py
tables=$(/usr/bin/python3 -c '
import common
with common.database() as cursor:
    cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
    print(cursor.fetchone()[0])')
test "$tables" -gt 0
echo "ok: $tables tables"
