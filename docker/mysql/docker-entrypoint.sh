#!/usr/bin/env bash
# Entry of the MySQL image.
set -Eeuo pipefail
# shellcheck source=../lib/entry.sh
. /usr/local/lib/drydock/entry.sh
# shellcheck source=../lib/mysql.sh
. /usr/local/lib/drydock/mysql.sh

readonly server_name=mysqld client_name=mysql
readonly variable_prefixes=(MYSQL)
readonly temporary_options=(--mysqlx=OFF)
readonly option_groups=(mysqld server)

make_system_tables() {
  "$@" --initialize-insecure
}

time_zones() { mysql_tzinfo_to_sql /usr/share/zoneinfo 2>/dev/null; }

run_server "$@"
