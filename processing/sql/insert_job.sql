-- A recomputation begins.
INSERT INTO recompute_job (mode, selection) VALUES (%(mode)s, %(selection)s::jsonb) RETURNING id
