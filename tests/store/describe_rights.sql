-- One line for each role and thing that it has a right to.
SELECT role.name || ' ' || n.nspname || '.' || c.relname || ' ' || string_agg(p.name, ' ' ORDER BY p.place)
FROM unnest(%(roles)s::text[]) AS role (name)
     CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
         WITH ORDINALITY AS p (name, place)
WHERE n.nspname IN ('public', 'grafana') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
  AND has_table_privilege(role.name, c.oid, p.name)
GROUP BY role.name, n.nspname, c.relname
UNION ALL
SELECT role.name || ' sequence ' || c.relname || ' ' || string_agg(p.name, ' ' ORDER BY p.name)
FROM unnest(%(roles)s::text[]) AS role (name) CROSS JOIN pg_class c
     CROSS JOIN unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p (name)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S' AND has_sequence_privilege(role.name, c.oid, p.name)
GROUP BY role.name, c.relname
UNION ALL
SELECT role.name || ' schema ' || n.nspname || ' ' || string_agg(p.name, ' ' ORDER BY p.name)
FROM unnest(%(roles)s::text[]) AS role (name) CROSS JOIN pg_namespace n CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) AS p (name)
WHERE n.nspname IN ('public', 'grafana') AND has_schema_privilege(role.name, n.oid, p.name)
GROUP BY role.name, n.nspname
UNION ALL
SELECT role.name || ' function ' || p.proname || ' EXECUTE'
FROM unnest(%(roles)s::text[]) AS role (name) CROSS JOIN pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND has_function_privilege(role.name, p.oid, 'EXECUTE')
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e')
