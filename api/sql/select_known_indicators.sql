-- What a definition may read: the platform's indicators, and the city's own that are in force (or were, by their codes).
SELECT i.code, i.subject_kinds, i.periods, d.code IS NOT NULL AS defined, d.body
FROM indicator i
LEFT JOIN (SELECT DISTINCT ON (code) code, body FROM indicator_definition ORDER BY code, version DESC) AS d
    ON d.code = i.code
UNION ALL
SELECT d.code, '{}', '{}', true, d.body
FROM (SELECT DISTINCT ON (code) code, body FROM indicator_definition ORDER BY code, version DESC) AS d
WHERE NOT EXISTS (SELECT FROM indicator i WHERE i.code = d.code)
