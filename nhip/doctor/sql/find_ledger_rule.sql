-- Whether the database itself still refuses a ledger that does not add up.
SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'accounting'::regclass AND contype = 'c' AND convalidated
                      AND position('received = ' IN pg_get_constraintdef(oid)) > 0) AS present
