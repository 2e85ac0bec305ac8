-- One indicator by code.
SELECT id, code, unit, subject_kinds, periods FROM indicator WHERE code = %(code)s::text
