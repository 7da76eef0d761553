#!/bin/sh
# Makes the namespace if it is missing, and ends once the server serves it. Safe to run again.
# The CLI reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

# Repeats a command every two seconds, at most 60 times.
retry() {
  left=60
  until "$@"; do
    left=$((left - 1))
    if [ "$left" -eq 0 ]; then
      echo "gave up on: $*" >&2
      return 1
    fi
    sleep 2
  done
}

have_namespace() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
}

retry temporal operator cluster health
retry have_namespace
# The services find a new namespace by polling: wait until a call in it succeeds.
retry temporal workflow list --limit 1
