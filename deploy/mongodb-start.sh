#!/bin/bash
# Starts mongod as a replica set member with access control. mongod wants its key in a file that it
# owns and nobody else can read, which no mount gives to a user that is not root: it is written here.
set -euo pipefail

umask 077
printf '%s' "$MONGODB_REPLICA_KEY" > /data/configdb/replica.key
unset MONGODB_REPLICA_KEY

exec docker-entrypoint.sh mongod --replSet rs0 --keyFile /data/configdb/replica.key --bind_ip_all
