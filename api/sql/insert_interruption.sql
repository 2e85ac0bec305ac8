-- An interruption entered by hand; customers are those of the site unless said.
INSERT INTO interruption (site_id, started_at, ended_at, customers, planned, excluded_reason, note)
SELECT t.id, %(started_at)s::timestamptz, %(ended_at)s::timestamptz,
       coalesce(%(customers)s::integer, t.customers, 0), %(planned)s::boolean, %(excluded_reason)s::text,
       %(note)s::text
FROM site t WHERE t.id = %(site_id)s::integer
RETURNING id
