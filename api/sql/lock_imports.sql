-- One import at a time: two of them could make the same area or sensor.
SELECT pg_advisory_xact_lock(hashtext('nhip_import'))::text AS locked
