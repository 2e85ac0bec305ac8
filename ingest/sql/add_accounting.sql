-- Add to the account of gateways and hours; negative numbers move readings from one column to another.
INSERT INTO accounting AS ledger (gateway, hour, messages, received, stored, duplicate, conflict, quarantined, rejected)
SELECT gateway, hour, messages, stored + duplicate + conflict + quarantined + rejected,
       stored, duplicate, conflict, quarantined, rejected
FROM unnest(%(gateway)s::text[], %(hour)s::timestamptz[], %(messages)s::bigint[], %(stored)s::bigint[],
            %(duplicate)s::bigint[], %(conflict)s::bigint[], %(quarantined)s::bigint[], %(rejected)s::bigint[])
     AS change(gateway, hour, messages, stored, duplicate, conflict, quarantined, rejected)
ON CONFLICT (gateway, hour) DO UPDATE SET
    messages = ledger.messages + excluded.messages, received = ledger.received + excluded.received,
    stored = ledger.stored + excluded.stored, duplicate = ledger.duplicate + excluded.duplicate,
    conflict = ledger.conflict + excluded.conflict, quarantined = ledger.quarantined + excluded.quarantined,
    rejected = ledger.rejected + excluded.rejected
