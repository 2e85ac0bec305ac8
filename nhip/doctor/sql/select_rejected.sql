-- Readings of the last day that were neither stored nor kept, by gateway.
SELECT gateway, sum(rejected)::bigint AS rejected FROM accounting
WHERE hour > now() - interval '1 day' AND rejected > 0 GROUP BY gateway ORDER BY 2 DESC, 1
