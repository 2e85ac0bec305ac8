-- Connections in use, of all databases.
SELECT coalesce(sum(numbackends), 0)::integer AS used FROM pg_stat_database WHERE datname IS NOT NULL
