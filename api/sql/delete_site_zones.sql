-- Take a site out of all free zones.
DELETE FROM site_zone WHERE site_id = %(id)s::integer
