-- Power interruptions that are going on, and the customers without power.
SELECT count(*) AS open, coalesce(sum(customers), 0) AS customers
FROM interruption
WHERE ended_at IS NULL AND excluded_reason IS NULL
  AND site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND site IN (${site:sqlstring})
