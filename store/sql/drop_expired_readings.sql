-- Drop partitions or chunks of readings that are older than what is kept; how many.
SELECT drop_expired_readings()
