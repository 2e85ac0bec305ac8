-- Bring one observed property to what the code says of it.
INSERT INTO quantity (code, title_vi, title_en, service, unit, kind, range_min, range_max)
VALUES (%(code)s, %(title_vi)s, %(title_en)s, %(service)s, %(unit)s, %(kind)s, %(range_min)s, %(range_max)s)
ON CONFLICT (code) DO UPDATE SET
    title_vi = excluded.title_vi, title_en = excluded.title_en, service = excluded.service, unit = excluded.unit,
    kind = excluded.kind, range_min = excluded.range_min, range_max = excluded.range_max
