#!/bin/sh
# Each test has a clean database of its own: drydock test -- ./test-visits.sh
set -eu
cd "$(dirname "$0")"

/usr/bin/python3 app.py >/dev/null # what every copy begins with: one visit

count() {
  psql -XAtq "$1" -c 'INSERT INTO visits DEFAULT VALUES' -c 'SELECT count(*) FROM visits'
}

for number in 1 2 3; do
  database=$(drydock test clone mydb)
  test "$(count "$database")" = 2 || {
    echo "test $number: the database is not clean" >&2
    exit 1
  }
  echo "test $number: ok"
done
