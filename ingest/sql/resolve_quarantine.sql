-- These rows were replayed: their readings are stored, duplicates, or set aside again for another reason.
UPDATE quarantine SET status = 'replayed', resolved_at = now(), resolved_by = 'ingest', replay_requested_at = NULL
WHERE id = ANY(%(ids)s::bigint[])
