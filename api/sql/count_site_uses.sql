-- How many sensors still stand at a site.
SELECT count(*) AS sensors FROM sensor WHERE site_id = %(id)s::integer AND retired_at IS NULL
