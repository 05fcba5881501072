#!/usr/bin/env bash
# Entry of the Redis image: gives /data to redis and becomes the server.
set -Eeuo pipefail
# shellcheck source=../lib/entry.sh
. /usr/local/lib/drydock/entry.sh

# Debian's server accepts only local clients unless told otherwise; the official image has that off by
# default, yet lets a configuration file or an argument turn it on.
with_open_default() {
  local -a config=()
  if [[ -n ${2:-} && ${2:-} != --* ]]; then config=("$2"); fi
  local -a options=("${@:2+${#config[@]}}")
  if [[ -f ${config[0]:-} ]] && grep -qi '^[[:space:]]*protected-mode' "${config[0]}"; then return; fi
  command=("$1" "${config[@]}" --protected-mode no "${options[@]}")
}

main() {
  if [[ ${1:--} == -* || $1 == *.conf ]]; then set -- redis-server "$@"; fi
  if [[ $1 != redis-server ]] || asks_only "${@:2}" || [[ ${2:-} == -[hv] ]]; then exec "$@"; fi
  if ((EUID == 0)); then
    own redis .
    become redis "${BASH_SOURCE[0]}" "$@"
  fi
  # Dumps hold the app's data: nobody else's business.
  if [[ $(umask) == 0022 ]]; then umask 0077; fi
  command=("$@")
  with_open_default "$@"
  exec "${command[@]}"
}

main "$@"
