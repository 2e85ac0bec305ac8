-- Definitions of all indicators.
SELECT code, title_vi, title_en, unit, service, direction, subject_kinds, periods, formula_vi, formula_en,
       completeness_rule_vi, completeness_rule_en, source, method_version, updated_at
FROM indicator ORDER BY code
