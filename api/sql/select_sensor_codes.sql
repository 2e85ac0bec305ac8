-- Which of these codes are taken, live or retired.
SELECT code FROM sensor WHERE code = ANY (%(codes)s::text[])
