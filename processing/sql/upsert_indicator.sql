-- Make the row of an indicator what its file says; untouched when it already does.
INSERT INTO indicator AS i (code, title_vi, title_en, unit, service, direction, subject_kinds, periods, formula_vi,
                            formula_en, completeness_rule_vi, completeness_rule_en, source, method_version)
VALUES (%(code)s, %(title_vi)s, %(title_en)s, %(unit)s, %(service)s, %(direction)s, %(subject_kinds)s::text[],
        %(periods)s::text[], %(formula_vi)s, %(formula_en)s, %(completeness_rule_vi)s, %(completeness_rule_en)s,
        %(source)s, %(method_version)s)
ON CONFLICT (code) DO UPDATE SET
    title_vi = EXCLUDED.title_vi, title_en = EXCLUDED.title_en, unit = EXCLUDED.unit, service = EXCLUDED.service,
    direction = EXCLUDED.direction, subject_kinds = EXCLUDED.subject_kinds, periods = EXCLUDED.periods,
    formula_vi = EXCLUDED.formula_vi, formula_en = EXCLUDED.formula_en,
    completeness_rule_vi = EXCLUDED.completeness_rule_vi, completeness_rule_en = EXCLUDED.completeness_rule_en,
    source = EXCLUDED.source, method_version = EXCLUDED.method_version, updated_at = now()
WHERE (i.title_vi, i.title_en, i.unit, i.service, i.direction, i.subject_kinds, i.periods, i.formula_vi,
       i.formula_en, i.completeness_rule_vi, i.completeness_rule_en, i.source, i.method_version)
      IS DISTINCT FROM
      (EXCLUDED.title_vi, EXCLUDED.title_en, EXCLUDED.unit, EXCLUDED.service, EXCLUDED.direction,
       EXCLUDED.subject_kinds, EXCLUDED.periods, EXCLUDED.formula_vi, EXCLUDED.formula_en,
       EXCLUDED.completeness_rule_vi, EXCLUDED.completeness_rule_en, EXCLUDED.source, EXCLUDED.method_version)
