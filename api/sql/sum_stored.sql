-- Readings stored in the last hours of the ledger, for the rate shown on the start page.
SELECT coalesce(sum(stored), 0)::bigint AS stored FROM accounting WHERE hour >= %(since)s::timestamptz
