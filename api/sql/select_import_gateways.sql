-- Gateways that an import names.
SELECT id, code, archive, retired_at FROM gateway WHERE code = ANY (%(codes)s::text[])
