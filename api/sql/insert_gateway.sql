-- A new gateway.
INSERT INTO gateway (code, name, payload_format, archive, accept_past_s, accept_future_s)
VALUES (%(code)s::text, %(name)s::text, %(payload_format)s::text, %(archive)s::boolean, %(accept_past_s)s::bigint,
        %(accept_future_s)s::integer)
RETURNING id
