-- Keep readings for so long; the age is checked by the table.
INSERT INTO retention (readings_kept) VALUES (%(readings_kept)s::interval)
ON CONFLICT (only_row) DO UPDATE SET readings_kept = excluded.readings_kept
