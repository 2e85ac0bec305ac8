-- What indicators ask for; a limit at infinity is none, and JSON has no word for it.
SELECT indicator, name, unit, default_value AS "default", nullif(minimum, '-infinity') AS minimum,
       nullif(maximum, 'infinity') AS maximum, title_vi, title_en, source, quantities
FROM parameter
WHERE (%(indicator)s::text IS NULL OR indicator = %(indicator)s::text)
ORDER BY indicator, name
