# shellcheck shell=bash
# What MySQL and MariaDB have in common. The entry scripts give:
#   server_name client_name      the programs
#   variable_prefixes            prefixes of the environment variables, the winner first
#   option_groups                groups of the option files that the server reads
#   temporary_options            options of the temporary server besides
#   make_system_tables COMMAND.. fills an empty data directory
#   time_zones                   prints the SQL that loads the time zones
# shellcheck disable=SC2154  # set by the entry scripts

readonly setting_names=(
  ROOT_PASSWORD ROOT_HOST DATABASE USER PASSWORD
  ALLOW_EMPTY_PASSWORD ALLOW_EMPTY_ROOT_PASSWORD RANDOM_ROOT_PASSWORD ONETIME_PASSWORD
)

# setting NAME: prints the variable of that name, under the first prefix that has it.
setting() {
  local prefix variable
  for prefix in "${variable_prefixes[@]}"; do
    variable=${prefix}_$1
    if [[ -n ${!variable:-} ]]; then
      printf '%s' "${!variable}"
      return
    fi
  done
}

read_settings() {
  local prefix name
  for prefix in "${variable_prefixes[@]}"; do
    for name in "${setting_names[@]}"; do secret "${prefix}_$name"; done
  done
}

forget_secrets() {
  local prefix
  for prefix in "${variable_prefixes[@]}"; do unset "${prefix}_ROOT_PASSWORD" "${prefix}_PASSWORD"; done
}

check_settings() {
  [[ -n $(setting ROOT_PASSWORD)$(setting ALLOW_EMPTY_PASSWORD)$(setting ALLOW_EMPTY_ROOT_PASSWORD)$(
    setting RANDOM_ROOT_PASSWORD
  ) ]] || fail "a new database needs ${variable_prefixes[0]}_ROOT_PASSWORD," \
    "${variable_prefixes[0]}_RANDOM_ROOT_PASSWORD or ${variable_prefixes[0]}_ALLOW_EMPTY_PASSWORD"
  [[ $(setting USER) != root ]] ||
    fail "${variable_prefixes[0]}_USER=root: root is always made; its password is ${variable_prefixes[0]}_ROOT_PASSWORD"
}

# server_option NAME ARGUMENT...: the value the server will use, from its arguments and its option files.
server_option() {
  local name=$1 value='' next='' word
  shift
  while IFS= read -r word; do
    if [[ -n $next ]]; then value=$word next=''; fi
    case $word in
      --"$name"=*) value=${word#*=} ;;
      --"$name") next=1 ;;
    esac
  done < <(my_print_defaults "${option_groups[@]}" && printf '%s\n' "$@")
  printf '%s' "$value"
}

prepare_folders() {
  own mysql "$data_folder" "$(dirname "$socket")"
}

# Text as an SQL string, for the server's default mode.
quoted() {
  local text=${1//\\/\\\\} quote="'"
  printf "'%s'" "${text//$quote/$quote$quote}"
}

# shellcheck disable=SC2016  # these are MySQL's quotes
identifier() { printf '`%s`' "${1//\`/\`\`}"; }

# The password stays off the command line: the client reads it from a descriptor.
client_options() {
  local password=${1//\\/\\\\}
  printf '[client]\nuser = root\npassword = "%s"\n' "${password//\"/\\\"}"
}

# client PASSWORD ARGUMENT...
client() {
  "$client_name" --defaults-extra-file=<(client_options "$1") --protocol=socket --socket="$socket" "${@:2}"
}

# shellcheck disable=SC2120  # initialisation scripts pass options
docker_process_sql() {
  local database
  database=$(setting DATABASE)
  client "$root_password" ${database:+--database="$database"} "$@"
}

# By this name scripts call it that were written for the official images.
# shellcheck disable=SC2034
mysql=(docker_process_sql)

start_temporary_server() {
  "$@" --skip-networking "${temporary_options[@]}" --socket="$socket" &
  server_pid=$!
  local deadline=$((SECONDS + 300))
  until client '' --batch --execute='SELECT 1' >/dev/null 2>&1; do
    kill -0 "$server_pid" 2>/dev/null || fail "the server ended during initialisation; its last lines say why"
    ((SECONDS < deadline)) || fail "the server did not answer on $socket within 300 s"
    sleep 0.1
  done
}

stop_temporary_server() {
  kill -TERM "$server_pid"
  wait "$server_pid" || fail "the server ended with status $? after initialisation"
}

choose_root_password() {
  root_password=$(setting ROOT_PASSWORD)
  if [[ -z $root_password && -n $(setting RANDOM_ROOT_PASSWORD) ]]; then
    root_password=$(head -c 24 /dev/urandom | base64)
    say "GENERATED ROOT PASSWORD: $root_password"
  fi
}

# The statements that make what the variables ask for; root's own password comes last, since the
# statements themselves are sent by a root without one.
accounts() {
  local database user password host
  database=$(setting DATABASE) user=$(setting USER) password=$(setting PASSWORD) host=$(setting ROOT_HOST)
  host=${host:-%}
  echo "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';"
  if [[ -n $database ]]; then printf 'CREATE DATABASE IF NOT EXISTS %s;\n' "$(identifier "$database")"; fi
  if [[ -n $user && -n $password ]]; then
    printf 'CREATE USER %s@%s IDENTIFIED BY %s;\n' "$(quoted "$user")" "'%'" "$(quoted "$password")"
    if [[ -n $database ]]; then
      # A bare underscore in a grant stands for any character.
      printf 'GRANT ALL ON %s.* TO %s@%s;\n' "$(identifier "${database//_/\\_}")" "$(quoted "$user")" "'%'"
    fi
  elif [[ -n $user$password ]]; then
    say "a user is made only when both its name and its password are given"
  fi
  if [[ $host != localhost ]]; then
    printf 'CREATE USER %s@%s IDENTIFIED BY %s;\n' "'root'" "$(quoted "$host")" "$(quoted "$root_password")"
    printf 'GRANT ALL ON *.* TO %s@%s WITH GRANT OPTION;\n' "'root'" "$(quoted "$host")"
  fi
  printf 'ALTER USER %s@%s IDENTIFIED BY %s;\n' "'root'" "'localhost'" "$(quoted "$root_password")"
}

expire_root_password() {
  local host
  host=$(setting ROOT_HOST)
  # shellcheck disable=SC2119
  docker_process_sql <<<"ALTER USER 'root'@$(quoted "${host:-%}") PASSWORD EXPIRE;"
}

initialise() {
  check_settings
  choose_root_password
  say "making the system tables in $data_folder"
  make_system_tables "$@"
  start_temporary_server "$@"
  if [[ -z ${MYSQL_INITDB_SKIP_TZINFO:-}${MARIADB_INITDB_SKIP_TZINFO:-} ]]; then
    time_zones | client '' --database=mysql
  fi
  accounts | client '' --database=mysql
  run_init_files
  if [[ -n $(setting ONETIME_PASSWORD) ]]; then expire_root_password; fi
  stop_temporary_server
  say "the database is ready; starting the server for good"
}

# run_server ARGUMENT...: the whole of an entry script.
run_server() {
  if [[ ${1:--} == -* ]]; then set -- "$server_name" "$@"; fi
  if [[ $1 != "$server_name" && $1 != mysqld ]] || asks_only "${@:2}"; then exec "$@"; fi
  data_folder=$(server_option datadir "${@:2}")
  socket=$(server_option socket "${@:2}")
  read_settings
  if ((EUID == 0)); then
    prepare_folders
    become mysql "$0" "$@"
  fi
  if [[ ! -d $data_folder/mysql ]]; then initialise "$@"; fi
  forget_secrets
  exec "$@"
}
