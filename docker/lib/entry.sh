# shellcheck shell=bash
# What the entry scripts share. Each of them defines docker_process_sql, which reads SQL on its standard
# input; initialisation scripts that are sourced may call it, as with the official images.

readonly init_folder=/docker-entrypoint-initdb.d

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
  say "error: $*"
  exit 1
}

# A script that ends because a command failed says which.
trap 'say "error: status $? from: $BASH_COMMAND"' ERR

# secret NAME: exports NAME, read from the file that NAME_FILE names where that is given.
secret() {
  local name=$1 file_name=$1_FILE
  local file=${!file_name:-}
  if [[ -n $file ]]; then
    [[ -z ${!name:-} ]] || fail "$name and $file_name are both set; keep one of them"
    [[ -r $file ]] || fail "$file_name names $file, which cannot be read"
    export "$name=$(<"$file")"
    unset "$file_name"
  elif [[ -n ${!name+set} ]]; then
    export "${name?}"
  fi
}

# become USER COMMAND...: replaces this process by the command, run as the user without privileges.
become() {
  local user=$1
  shift
  HOME=$(getent passwd "$user" | cut -d : -f 6)
  export HOME
  exec setpriv --reuid="$user" --regid="$user" --init-groups -- "$@"
}

# own USER FOLDER...: makes the folders and gives them, with all they hold, to the user.
own() {
  local user=$1
  shift
  mkdir -p "$@"
  find "$@" \! -user "$user" -exec chown --no-dereference "$user" {} +
}

# asks_only ARGUMENT...: whether the server would only print something and end.
asks_only() {
  local argument
  for argument; do
    case $argument in
      -'?' | -V | -C | --help | --version | --describe-config | --print-defaults) return 0 ;;
    esac
  done
  return 1
}

# Runs what the user put into the folder, in the order of the names.
run_init_files() {
  local file
  for file in "$init_folder"/*; do
    case $file in
      *.sh)
        say "running $file"
        # shellcheck source=/dev/null
        if [[ -x $file ]]; then "$file"; else . "$file"; fi
        ;;
      *.sql) say "reading $file" && docker_process_sql <"$file" ;;
      *.sql.gz) say "reading $file" && gzip -dc "$file" | docker_process_sql ;;
      *.sql.xz) say "reading $file" && xz -dc "$file" | docker_process_sql ;;
      *.sql.zst) say "reading $file" && zstd -dc "$file" | docker_process_sql ;;
      "$init_folder/*") ;;
      *) say "ignoring $file" ;;
    esac
  done
}
