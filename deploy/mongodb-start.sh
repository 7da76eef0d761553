#!/bin/bash
# Starts mongod as a replica set member with access control. mongod needs its key in a file that only
# its own user can read. A mounted secret cannot have that owner, so the file is written here.
set -euo pipefail

umask 077
printf '%s' "$MONGODB_REPLICA_KEY" > /data/configdb/replica.key
unset MONGODB_REPLICA_KEY

exec docker-entrypoint.sh mongod --replSet rs0 --keyFile /data/configdb/replica.key --bind_ip_all
