#!/bin/sh
# Entry of the memcached image: arguments that begin with a dash are options of the server.
set -eu

case ${1:--} in
  -*) set -- memcached "$@" ;;
esac
exec "$@"
