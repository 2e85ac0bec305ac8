-- Readings on plain PostgreSQL: monthly range partitions, made on demand.

CREATE TABLE reading (
    ts          timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    value       double precision NOT NULL CHECK (abs(value) < 'Infinity'),
    sensor_id   integer NOT NULL,
    flag        smallint NOT NULL,           -- QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing
    state       smallint NOT NULL,           -- Thông tư 10/2021: 0 measuring, 1 calibrating, 2 fault
    PRIMARY KEY (sensor_id, ts)
) PARTITION BY RANGE (ts);

CREATE FUNCTION ensure_reading_partitions(first_ts timestamptz, last_ts timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    month_start timestamptz := date_trunc('month', first_ts, 'UTC');
    next_start timestamptz;
    partition_name text;
    made integer := 0;
BEGIN
    WHILE month_start <= last_ts LOOP
        next_start := (month_start AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
        partition_name := 'reading_' || to_char(month_start AT TIME ZONE 'UTC', 'YYYYMM');
        IF to_regclass(partition_name) IS NULL THEN
            -- One maker at a time. ATTACH takes a lock that readers and writers of other partitions do not feel.
            PERFORM pg_advisory_xact_lock(hashtext('reading_partition'));
            -- Not to_regclass again: waiting for that lock does not refresh the cache that it answers from.
            IF NOT EXISTS (SELECT FROM pg_class WHERE relname = partition_name
                           AND relnamespace = 'public'::regnamespace) THEN
                EXECUTE format('CREATE TABLE %I (LIKE reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)',
                               partition_name);
                EXECUTE format('ALTER TABLE reading ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition_name,
                               month_start, next_start);
                made := made + 1;
            END IF;
        END IF;
        month_start := next_start;
    END LOOP;
    RETURN made;
END $$;
