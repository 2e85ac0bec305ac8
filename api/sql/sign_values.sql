-- Sign off closed values of subjects; returns the new signatures.
SELECT id, subject_kind, subject_id, period, period_start, revision, value, verdict, reason, signed_by, signed_at
FROM sign_values(%(indicator_id)s::int2, %(kind)s::text, %(subject_ids)s::int4[], %(period)s::text,
                 %(from)s::timestamptz, %(to)s::timestamptz, %(actor)s::text, %(reason)s::text)
