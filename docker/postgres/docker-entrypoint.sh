#!/usr/bin/env bash
# Entry of the PostgreSQL image: makes the cluster on an empty data directory, then becomes the server.
set -Eeuo pipefail
# shellcheck source=../lib/entry.sh
. /usr/local/lib/drydock/entry.sh

readonly superuser_default=postgres

read_settings() {
  secret POSTGRES_PASSWORD
  secret POSTGRES_USER
  secret POSTGRES_DB
  secret POSTGRES_INITDB_ARGS
  export POSTGRES_USER=${POSTGRES_USER:-$superuser_default}
  export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
}

check_settings() {
  [[ -n ${POSTGRES_PASSWORD:-} || ${POSTGRES_HOST_AUTH_METHOD:-} == trust ]] ||
    fail "a new cluster needs POSTGRES_PASSWORD (or POSTGRES_HOST_AUTH_METHOD=trust, which lets everyone in)"
  if ((PG_MAJOR >= 18)) && [[ -e /var/lib/postgresql/data ]]; then
    fail "PostgreSQL $PG_MAJOR keeps its data below /var/lib/postgresql: mount the volume there, not on data"
  fi
}

prepare_folders() {
  own postgres "$PGDATA" /var/run/postgresql
  chmod 0700 "$PGDATA"
  chmod 3777 /var/run/postgresql
  if [[ -n ${POSTGRES_INITDB_WALDIR:-} ]]; then own postgres "$POSTGRES_INITDB_WALDIR"; fi
}

client() {
  psql --no-psqlrc --no-password --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" "$@"
}

# shellcheck disable=SC2120  # initialisation scripts pass options
docker_process_sql() {
  client --dbname="$POSTGRES_DB" "$@"
}

# By this name scripts call it that were written for the official images, such as PostGIS's own.
# shellcheck disable=SC2034
psql=(docker_process_sql)

make_cluster() {
  local -a options=()
  # The variable holds words as a shell would read them, quotes included.
  eval "options=(${POSTGRES_INITDB_ARGS:-})"
  if [[ -n ${POSTGRES_INITDB_WALDIR:-} ]]; then options+=(--waldir="$POSTGRES_INITDB_WALDIR"); fi
  if [[ -n ${POSTGRES_PASSWORD:-} ]]; then
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${options[@]}"
  else
    initdb --username="$POSTGRES_USER" "${options[@]}"
  fi
}

# Clients from outside the container have to log in; the image's own socket is trusted.
admit_hosts() {
  local method=${POSTGRES_HOST_AUTH_METHOD:-}
  if [[ -z $method ]]; then method=$(postgres -C password_encryption "$@"); fi
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

make_database() {
  local found
  found=$(client --dbname=postgres --tuples-only --no-align --set=name="$POSTGRES_DB" \
    <<<"SELECT 1 FROM pg_database WHERE datname = :'name';")
  if [[ -z $found ]]; then
    client --dbname=postgres --quiet --set=name="$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
  fi
}

# The server that fills a new cluster is to be had on the socket only.
with_temporary_server() {
  local options
  options=$(printf '%q ' "$@" -c listen_addresses= -p "${PGPORT:-5432}")
  pg_ctl --pgdata="$PGDATA" --options="$options" --wait start
  make_database
  run_init_files
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
}

initialise() {
  check_settings
  make_cluster
  admit_hosts "$@"
  export PGPASSWORD=${PGPASSWORD:-${POSTGRES_PASSWORD:-}}
  with_temporary_server "$@"
  unset PGPASSWORD
  say "the cluster is ready; starting PostgreSQL for good"
}

main() {
  if [[ ${1:--} == -* ]]; then set -- postgres "$@"; fi
  if [[ $1 != postgres ]] || asks_only "${@:2}"; then exec "$@"; fi
  read_settings
  if ((EUID == 0)); then
    prepare_folders
    become postgres "${BASH_SOURCE[0]}" "$@"
  fi
  if [[ ! -s $PGDATA/PG_VERSION ]]; then initialise "${@:2}"; fi
  unset POSTGRES_PASSWORD
  exec "$@"
}

main "$@"
