-- Jobs whose last run failed, or that should have run an hour ago, with their last error.
SELECT j.job_id, j.proc_name, s.last_run_status, s.total_failures, j.scheduled,
       coalesce(s.next_start < now() - interval '1 hour', false) AS overdue,
       (SELECT e.err_message FROM timescaledb_information.job_errors e
        WHERE e.job_id = j.job_id ORDER BY e.finish_time DESC LIMIT 1) AS error
FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.job_stats s ON s.job_id = j.job_id
WHERE j.scheduled AND (s.last_run_status = 'Failed' OR s.next_start < now() - interval '1 hour')
ORDER BY j.job_id
