-- Append a version; the one before it is superseded.
INSERT INTO indicator_definition (code, version, body, created_by, reason)
VALUES (%(code)s::text,
        (SELECT coalesce(max(version), 0) + 1 FROM indicator_definition WHERE code = %(code)s::text),
        %(body)s::jsonb, %(created_by)s, %(reason)s)
RETURNING code, version, body, valid_from, created_by, reason
