-- Wake the ingester after a request to replay.
SELECT pg_notify('nhip_replay', '')::text AS notified
