-- A target of a programme, new or changed.
INSERT INTO target (programme_id, indicator, area_id, period, direction, baseline, baseline_year, target, target_max,
                    due_year, group_code, level, source)
VALUES (%(programme_id)s::integer, %(indicator)s::text, %(area_id)s::integer, %(period)s::text,
        %(direction)s::text, %(baseline)s::float8, %(baseline_year)s::integer, %(target)s::float8,
        %(target_max)s::float8, %(due_year)s::integer, %(group)s::text, %(level)s::int2, %(source)s::text)
ON CONFLICT (programme_id, indicator, area_id, period) DO UPDATE SET
    direction = excluded.direction, baseline = excluded.baseline, baseline_year = excluded.baseline_year,
    target = excluded.target, target_max = excluded.target_max, due_year = excluded.due_year,
    group_code = excluded.group_code, level = excluded.level, source = excluded.source
RETURNING id
