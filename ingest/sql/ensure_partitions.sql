-- Make the partitions that readings of the given instants go to.
SELECT sum(ensure_reading_partitions(moment, moment)) FROM unnest(%(moments)s::timestamptz[]) AS moment
