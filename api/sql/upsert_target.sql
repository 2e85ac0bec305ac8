-- A target of a programme, new or changed.
INSERT INTO target (programme_id, indicator, area_id, period, direction, baseline, baseline_year, target, due_year,
                    source)
VALUES (%(programme_id)s::integer, %(indicator)s::text, %(area_id)s::integer, %(period)s::text,
        %(direction)s::text, %(baseline)s::float8, %(baseline_year)s::integer, %(target)s::float8,
        %(due_year)s::integer, %(source)s::text)
ON CONFLICT (programme_id, indicator, area_id, period) DO UPDATE SET
    direction = excluded.direction, baseline = excluded.baseline, baseline_year = excluded.baseline_year,
    target = excluded.target, due_year = excluded.due_year, source = excluded.source
RETURNING id
