-- Where tablespaces lie outside of the data directory.
SELECT pg_tablespace_location(oid) AS path FROM pg_tablespace WHERE pg_tablespace_location(oid) <> ''
