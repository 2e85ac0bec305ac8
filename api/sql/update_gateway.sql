-- All that may change of a gateway.
UPDATE gateway SET name = %(name)s::text, payload_format = %(payload_format)s::text, archive = %(archive)s::boolean,
    accept_past_s = %(accept_past_s)s::bigint, accept_future_s = %(accept_future_s)s::integer, updated_at = now()
WHERE id = %(id)s::integer
