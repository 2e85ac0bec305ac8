-- Versions of definitions, by code, the newest first: of one code, or the newest of all.
SELECT code, version, body, valid_from, created_by, reason
FROM indicator_definition d
WHERE CASE
    WHEN %(code)s::text IS NOT NULL THEN code = %(code)s
    ELSE version = (SELECT max(version) FROM indicator_definition n WHERE n.code = d.code)
END
ORDER BY code, version DESC
