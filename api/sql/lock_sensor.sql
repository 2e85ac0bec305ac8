-- One sensor as it is stored, held until the end of the transaction.
SELECT id, code, gateway_id, name, title, quantity, unit, interval_s, averaging_s, site_id, latitude, longitude,
       retired_at
FROM sensor WHERE id = %(id)s::integer FOR UPDATE
