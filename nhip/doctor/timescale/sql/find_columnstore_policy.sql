-- Whether a job compresses old readings.
SELECT count(*) AS policies FROM timescaledb_information.jobs
WHERE hypertable_name = 'reading' AND scheduled AND proc_name IN ('policy_compression', 'policy_columnstore')
