-- Ask the ingester to replay open quarantine rows.
UPDATE quarantine SET replay_requested_at = now()
WHERE status = 'open'
  AND (%(id)s::bigint IS NULL OR id = %(id)s::bigint)
  AND (%(gateway)s::text IS NULL OR gateway = %(gateway)s::text)
  AND (%(sensor)s::text IS NULL OR sensor = %(sensor)s::text)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s::text)
