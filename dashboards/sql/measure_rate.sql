-- Readings received per second in the running hour, from the ledger.
SELECT sum(received) / greatest(extract(epoch FROM now() - date_trunc('hour', now())), 1) AS rate
FROM accounting
WHERE hour >= date_trunc('hour', now())
