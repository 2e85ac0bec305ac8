-- A pack that was given out, by its hash, and the revision of its value that holds now.
SELECT e.sha256, e.indicator, e.subject_kind, e.subject, e.period, e.period_start, e.revision, e.as_of, e.value, e.issued_at,
       e.issued_by
FROM evidence_pack e WHERE e.sha256 = %(sha256)s::text
