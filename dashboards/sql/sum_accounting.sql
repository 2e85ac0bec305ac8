-- The ledger of the range: what became of every reading.
SELECT coalesce(sum(received), 0) AS received, coalesce(sum(stored), 0) AS stored, coalesce(sum(duplicate), 0) AS duplicate,
       coalesce(sum(conflict), 0) AS conflict, coalesce(sum(quarantined), 0) AS quarantined, coalesce(sum(rejected), 0) AS rejected
FROM accounting
WHERE $__timeFilter(hour)
