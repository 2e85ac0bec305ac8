#!/bin/sh
# First start of an empty database: the owner of the schema, who is no superuser.
# `nhip migrate` works as this role; the superuser is for backups and upgrades of the extension only.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$(cat "${NHIP_OWNER_PASSWORD_FILE:-/run/secrets/nhip_owner}")" \
    --set database="$POSTGRES_DB" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE nhip_owner LOGIN CREATEROLE PASSWORD :'password';
-- The migration asks whether TimescaleDB is loaded; only this membership shows it to a plain role.
GRANT pg_read_all_settings TO nhip_owner;
ALTER DATABASE :"database" OWNER TO nhip_owner;
SQL
