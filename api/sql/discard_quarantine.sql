-- Close open quarantine rows for good; they stay readable.
UPDATE quarantine SET status = 'discarded', resolved_at = now(), resolved_by = %(actor)s::text
WHERE status = 'open'
  AND (%(id)s::bigint IS NULL OR id = %(id)s::bigint)
  AND (%(gateway)s::text IS NULL OR gateway = %(gateway)s::text)
  AND (%(sensor)s::text IS NULL OR sensor = %(sensor)s::text)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s::text)
