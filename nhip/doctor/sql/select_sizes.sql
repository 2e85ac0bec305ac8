-- How large the database is, in bytes.
SELECT pg_database_size(current_database()) AS database_bytes
