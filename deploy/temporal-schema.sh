#!/bin/sh
# Makes Temporal's two databases if they are missing, and updates both schemas to this image's version.
# Safe to run again. temporal-sql-tool reads its connection from SQL_*.
set -eu

bring_up() {
  database=$1 schema=$2
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-name "$schema"
}

bring_up temporal postgresql/v12/temporal
bring_up temporal_visibility postgresql/v12/visibility
