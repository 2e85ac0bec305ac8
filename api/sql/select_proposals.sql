-- One page of proposals beside the signed values that they would replace.
SELECT p.id, i.code AS indicator, p.subject_kind, p.subject_id, p.period, p.period_start, v.revision,
       v.value AS signed_value, v.verdict AS signed_verdict, p.value, p.n, p.completeness, p.verdict,
       p.limit_value AS "limit", p.note, p.method_version, p.proposed_at, p.detail
FROM indicator_value_proposal p JOIN indicator i ON i.id = p.indicator_id
JOIN indicator_value v ON v.indicator_id = p.indicator_id AND v.subject_kind = p.subject_kind
    AND v.subject_id = p.subject_id AND v.period = p.period AND v.period_start = p.period_start
WHERE p.id > %(after)s::bigint AND (%(id)s::bigint IS NULL OR p.id = %(id)s::bigint)
  AND (%(indicator)s::text IS NULL OR i.code = %(indicator)s::text)
ORDER BY p.id LIMIT %(limit)s::bigint
