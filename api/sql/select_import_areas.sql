-- Areas that an import names.
SELECT id, code, retired_at FROM area WHERE code = ANY (%(codes)s::text[])
