-- How much is set aside and waits for somebody.
SELECT count(*) AS open, coalesce(sum(octet_length(payload)), 0)::bigint AS payload_bytes,
       min(received_at) AS first_received_at
FROM quarantine WHERE status = 'open'
