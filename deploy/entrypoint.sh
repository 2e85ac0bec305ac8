#!/bin/sh
# Read secrets from files, then become the service: NAME_FILE=/run/secrets/x gives NAME its content.
# So that no password stands in the compose file, in `docker inspect` or in an image.
set -eu
for name in $(env | sed -n -e 's/^\(NHIP_[A-Z0-9_]*\)_FILE=.*/\1/p' -e 's/^\(PGPASSWORD\)_FILE=.*/\1/p'); do
    eval "file=\$${name}_FILE"
    if [ ! -r "$file" ]; then
        echo "nhip: ${name}_FILE names $file, which cannot be read; run deploy/secrets/generate.sh" >&2
        exit 2
    fi
    value=$(cat "$file")
    if [ -z "$value" ]; then
        echo "nhip: ${name}_FILE names $file, which is empty" >&2
        exit 2
    fi
    export "$name=$value"
    unset "${name}_FILE"
done
exec nhip "$@"
