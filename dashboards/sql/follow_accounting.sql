-- Readings by outcome and hour of reception.
SELECT a.hour AS "time", sum(a.stored) AS stored, sum(a.duplicate) AS duplicate, sum(a.conflict) AS conflict,
       sum(a.quarantined) AS quarantined, sum(a.rejected) AS rejected
FROM accounting a
WHERE $__timeFilter(a.hour)
GROUP BY 1
ORDER BY 1
