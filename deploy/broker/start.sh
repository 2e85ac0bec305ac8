#!/bin/sh
# mosquitto, told to read its accounts again whenever `nhip broker sync` has written them.
# The watcher lives in mosquitto's own container: a signal from another container would need a shared process
# namespace, and a container that shares one cannot start again when the other one restarts.
set -eu
access=${NHIP_BROKER_ACCESS:-/mosquitto/access}

state() {
    stat -c '%i %Y %s' "$access/passwords" "$access/acl" 2>/dev/null || true
}

watch_by_event() {
    # The files are replaced by renaming ("y": moved into the folder).
    inotifyd - "$access:y" | while read -r _; do
        kill -HUP $$
    done
}

watch_by_looking() {
    last=$(state)
    while sleep 0.2; do
        now=$(state)
        if [ "$now" != "$last" ]; then
            last=$now
            kill -HUP $$
        fi
    done
}

# $$ stays the number of this shell in the watcher, and becomes mosquitto's below.
if command -v inotifyd >/dev/null 2>&1; then
    watch_by_event &
else
    watch_by_looking &
fi
exec mosquitto -c "${1:-/mosquitto/nhip/mosquitto.conf}"
