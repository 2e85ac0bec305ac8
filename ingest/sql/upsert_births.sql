-- Keep what births have said; of two writers the one with the later message wins.
INSERT INTO gateway_birth AS known (gateway, device, bd_seq, metrics, learned_at)
SELECT gateway, device, bd_seq, metrics::jsonb, learned_at
FROM unnest(%(gateway)s::text[], %(device)s::text[], %(bd_seq)s::bigint[], %(metrics)s::text[],
            %(learned_at)s::timestamptz[]) AS told(gateway, device, bd_seq, metrics, learned_at)
ON CONFLICT (gateway, device) DO UPDATE
SET bd_seq = excluded.bd_seq, metrics = excluded.metrics, learned_at = excluded.learned_at
WHERE excluded.learned_at >= known.learned_at
