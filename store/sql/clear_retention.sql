-- Keep readings for ever.
DELETE FROM retention
