#!/bin/sh
# Make the secrets that docker-compose.yml names, each in a file of its own; what exists is kept.
# The folder is closed to other users of this machine (0700). The files are readable inside it, because the
# containers that get one of them run as different users and compose hands files over with their own mode.
set -eu
folder=${1:-$(dirname "$0")/values}
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"

random() {
    # 256 bits as hexadecimal: no character that a shell, a URL or a configuration file reads as its own.
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

keep() {
    if [ -s "$folder/$1" ]; then
        return
    fi
    # Whole or not at all: a full disk must not leave half a password behind.
    printf '%s' "$2" >"$folder/.$1.new"
    chmod 0444 "$folder/.$1.new"
    mv "$folder/.$1.new" "$folder/$1"
    echo "made $folder/$1" >&2
}

for name in postgres nhip_owner nhip_ingest nhip_processing nhip_api nhip_grafana mqtt_service grafana_admin; do
    keep "$name" "$(random)"
done
# The form of an API key: see domain/credentials.py.
keep admin_key "nhip_$(random)"
keep mqtt_ingest_url "mqtt://nhip-ingest:$(cat "$folder/mqtt_service")@mosquitto:1883"
