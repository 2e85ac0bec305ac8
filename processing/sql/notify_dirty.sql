-- Wake the engines.
SELECT pg_notify('nhip_dirty', '')
