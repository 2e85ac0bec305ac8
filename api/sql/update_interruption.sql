-- What people may say of an interruption.
UPDATE interruption SET ended_at = %(ended_at)s::timestamptz, customers = %(customers)s::integer,
    planned = %(planned)s::boolean, excluded_reason = %(excluded_reason)s::text, note = %(note)s::text,
    updated_at = now()
WHERE id = %(id)s::bigint
