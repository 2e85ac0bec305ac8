-- Whether an area of this code exists.
SELECT EXISTS (SELECT FROM area WHERE code = %(area)s::text)
