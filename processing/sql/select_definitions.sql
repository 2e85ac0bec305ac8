-- The newest version of every definition of the city that is not retired, the oldest first.
SELECT code, version, body
FROM (SELECT DISTINCT ON (code) id, code, version, body FROM indicator_definition ORDER BY code, version DESC) AS newest
WHERE body IS NOT NULL
ORDER BY id
