-- Tell processing that hours were marked.
SELECT pg_notify('nhip_dirty', '')
