-- The definition of one indicator, as it is now.
SELECT id, code, title_vi, title_en, unit, service, direction, periods, subject_kinds, formula_vi, formula_en,
       completeness_rule_vi, completeness_rule_en, source, method_version
FROM indicator WHERE code = %(code)s::text
