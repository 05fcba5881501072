#!/usr/bin/env bash
# Entry of the MariaDB image.
set -Eeuo pipefail
# shellcheck source=../lib/entry.sh
. /usr/local/lib/drydock/entry.sh
# shellcheck source=../lib/mysql.sh
. /usr/local/lib/drydock/mysql.sh

readonly server_name=mariadbd client_name=mariadb
readonly variable_prefixes=(MARIADB MYSQL)
readonly temporary_options=()
readonly option_groups=(mysqld server mariadb mariadbd)

make_system_tables() {
  local -a options=()
  local option
  # The script takes the server's own options after its own, save those that name a file of settings.
  for option in "${@:2}"; do
    [[ $option == --defaults-* ]] && continue
    options+=("$option")
  done
  mariadb-install-db --datadir="$data_folder" --skip-test-db --rpm --cross-bootstrap \
    --auth-root-authentication-method=normal "${options[@]}" >/dev/null
}

time_zones() { mariadb-tzinfo-to-sql --skip-write-binlog /usr/share/zoneinfo 2>/dev/null; }

run_server "$@"
