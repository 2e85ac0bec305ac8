-- One page of signatures, the first made first.
SELECT s.id, i.code AS indicator, s.subject_kind, s.subject_id, s.period, s.period_start, s.revision, s.value, s.verdict,
       s.reason, s.signed_by, s.signed_at
FROM sign_off s JOIN indicator i ON i.id = s.indicator_id
WHERE s.id > %(after)s::bigint AND (%(indicator)s::text IS NULL OR i.code = %(indicator)s::text)
  AND (%(area_id)s::integer IS NULL OR (s.subject_kind = 'area' AND s.subject_id = %(area_id)s::integer))
ORDER BY s.id LIMIT %(limit)s::bigint
