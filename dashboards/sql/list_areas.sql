-- Choice list of areas, broadest first.
SELECT CASE WHEN ${language:sqlstring} = 'en' THEN coalesce(name_en, name) ELSE name END AS __text, code AS __value
FROM area
ORDER BY (parent_id IS NOT NULL), 1
