-- Transactions of this database that have been open for too long; `visible`: the role sees those of others.
SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS visible, a.pid, a.application_name, a.state,
       extract(epoch FROM now() - a.xact_start)::double precision AS age_s
FROM (SELECT 1) AS always
LEFT JOIN pg_stat_activity a
       ON a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
          AND a.xact_start < now() - make_interval(secs => %(age_s)s::double precision)
ORDER BY a.xact_start
