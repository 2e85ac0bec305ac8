-- One interruption as it is stored, held until the end of the transaction.
SELECT id, site_id, sensor_id, started_at, ended_at, customers, planned, excluded_reason, note
FROM interruption WHERE id = %(id)s::bigint FOR UPDATE
