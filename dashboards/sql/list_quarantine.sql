-- Open quarantine by gateway, sensor and reason.
SELECT gateway, sensor, reason, sum(reading_count) AS readings, min(received_at) AS first_at, max(received_at) AS last_at
FROM quarantine
WHERE status = 'open'
GROUP BY gateway, sensor, reason
ORDER BY last_at DESC
LIMIT 500
