-- Remember that a pack was given out; the same evidence is the same pack, whose first issue stays.
INSERT INTO evidence_pack (sha256, indicator, subject_kind, subject, period, period_start, revision, as_of, value, issued_by)
VALUES (%(sha256)s, %(indicator)s, %(subject_kind)s, %(subject)s, %(period)s, %(period_start)s, %(revision)s, %(as_of)s,
        %(value)s, %(issued_by)s)
ON CONFLICT (sha256) DO NOTHING
