-- Retire an area.
UPDATE area SET retired_at = coalesce(retired_at, now()), updated_at = now() WHERE id = %(id)s::integer
