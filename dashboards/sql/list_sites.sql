-- Choice list of the sites of the chosen areas.
SELECT name || ' (' || code || ')' AS __text, code AS __value
FROM site
WHERE code IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring}))
ORDER BY 1
