-- Whether the database has TimescaleDB, and with which background workers.
SELECT (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS version,
       current_setting('server_version_num')::integer AS server_version,
       current_setting('timescaledb.max_background_workers', true)::integer AS workers,
       current_setting('max_worker_processes')::integer AS processes,
       current_setting('timescaledb.license', true) AS licence
