-- These rows were tried again and changed nothing: they stay, and are not tried again until asked for.
UPDATE quarantine SET replay_requested_at = NULL
WHERE id = ANY(%(ids)s::bigint[]) AND replay_requested_at IS NOT NULL
