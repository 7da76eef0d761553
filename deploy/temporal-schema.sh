#!/bin/sh
# Makes Temporal's two databases where they are missing, and brings both schemas to the version that
# this image carries. Safe to run again. temporal-sql-tool reads its connection from SQL_*.
set -eu

bring_up() {
  database=$1 schema=$2
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-name "$schema"
}

bring_up temporal postgresql/v12/temporal
bring_up temporal_visibility postgresql/v12/visibility
