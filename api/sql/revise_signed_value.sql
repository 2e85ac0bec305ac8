-- Let a proposal take the place of the signed value; returns the new signature, none when the proposal is gone.
SELECT s.id, i.code AS indicator, s.subject_kind, s.subject_id, s.period, s.period_start, s.revision, s.value, s.verdict,
       s.reason, s.signed_by, s.signed_at
FROM revise_signed_value(%(proposal)s::bigint, %(actor)s::text, %(reason)s::text) AS s
JOIN indicator i ON i.id = s.indicator_id
