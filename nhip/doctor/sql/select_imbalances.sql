-- Hours in which the ledger does not add up, by gateway.
SELECT gateway, count(*) AS hours FROM accounting
WHERE received <> stored + duplicate + conflict + quarantined + rejected GROUP BY gateway ORDER BY gateway
