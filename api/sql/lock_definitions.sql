-- One change of definitions at a time: two of them could close a cycle that neither sees.
SELECT pg_advisory_xact_lock(hashtext('nhip_definition'))::text AS locked
