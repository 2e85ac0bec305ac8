-- Partitions or chunks of the readings.
SELECT count(*) AS partitions FROM pg_inherits WHERE inhparent = 'reading'::regclass
