-- Who has synchronous_commit switched off for a role or a database of its own.
SELECT coalesce(r.rolname, d.datname, 'all') AS holder
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
WHERE 'synchronous_commit=off' = ANY(s.setconfig)
  AND (s.setdatabase = 0 OR d.datname = current_database())
ORDER BY 1
