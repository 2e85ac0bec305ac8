-- One page of the ledger, hour by hour.
SELECT gateway, hour, messages, received, stored, duplicate, conflict, quarantined, rejected,
       received = stored + duplicate + conflict + quarantined + rejected AS balanced
FROM accounting
WHERE (%(gateway)s::text IS NULL OR gateway = %(gateway)s::text)
  AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
  AND (hour, gateway) > (%(after)s::timestamptz, %(after_gateway)s::text)
ORDER BY hour, gateway LIMIT %(limit)s::bigint
