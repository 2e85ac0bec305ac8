-- A parameter that an indicator asks for, new or changed.
INSERT INTO parameter AS p (indicator, name, unit, default_value, minimum, maximum, title_vi, title_en, source, quantities)
VALUES (%(indicator)s::text, %(name)s::text, %(unit)s::text, %(default)s::float8, %(minimum)s::float8, %(maximum)s::float8,
        %(title_vi)s::text, %(title_en)s::text, %(source)s::text, %(quantities)s::text[])
ON CONFLICT (indicator, name) DO UPDATE SET
    unit = EXCLUDED.unit, default_value = EXCLUDED.default_value, minimum = EXCLUDED.minimum,
    maximum = EXCLUDED.maximum, title_vi = EXCLUDED.title_vi, title_en = EXCLUDED.title_en, source = EXCLUDED.source,
    quantities = EXCLUDED.quantities
WHERE (p.unit, p.default_value, p.minimum, p.maximum, p.title_vi, p.title_en, p.source, p.quantities)
      IS DISTINCT FROM (EXCLUDED.unit, EXCLUDED.default_value, EXCLUDED.minimum, EXCLUDED.maximum, EXCLUDED.title_vi,
                        EXCLUDED.title_en, EXCLUDED.source, EXCLUDED.quantities)
