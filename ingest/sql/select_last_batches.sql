-- The highest batch id of gateways, to find the ids that were skipped.
SELECT gateway, last_batch_id FROM gateway_seen WHERE gateway = ANY(%(gateways)s::text[])
