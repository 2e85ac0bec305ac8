-- What waits in quarantine for a registration, or was asked for by an operator.
SELECT gateway, sensor, reason, bool_or(replay_requested_at IS NOT NULL)
FROM quarantine
WHERE status = 'open' AND (reason = ANY(%(awaiting)s::text[]) OR replay_requested_at IS NOT NULL)
GROUP BY gateway, sensor, reason
