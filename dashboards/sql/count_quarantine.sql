-- Readings in quarantine by reason, open ones.
SELECT reason, sum(reading_count) AS readings
FROM quarantine
WHERE status = 'open'
GROUP BY reason
ORDER BY readings DESC
