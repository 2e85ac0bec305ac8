-- One page of the audit log, newest first.
SELECT id, at, actor, action, object_kind, object_code, before, after, origin FROM audit
WHERE id < %(before_id)s::bigint
  AND (%(object_kind)s::text IS NULL OR object_kind = %(object_kind)s::text)
  AND (%(object_code)s::text IS NULL OR object_code = %(object_code)s::text)
ORDER BY id DESC LIMIT %(limit)s::bigint
