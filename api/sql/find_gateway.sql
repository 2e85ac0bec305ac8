-- The gateway with this code, else with this id.
SELECT id, code, name, 'UTC' AS time_zone, retired_at FROM gateway
WHERE code = %(code)s::text OR id = %(id)s::integer
ORDER BY code = %(code)s::text DESC LIMIT 1
