-- Take transaction locks in the order given: sorted by the caller, so that two engines cannot wait in a ring.
SELECT count(pg_advisory_xact_lock(%(space)s::int, number)) FROM unnest(%(numbers)s::int4[]) AS t (number)
