-- Readings on TimescaleDB: a hypertable by day with columnstore.

CREATE TABLE reading (
    ts          timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    value       double precision NOT NULL CHECK (abs(value) < 'Infinity'),
    sensor_id   integer NOT NULL,
    flag        smallint NOT NULL,           -- QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing
    state       smallint NOT NULL,           -- Thông tư 10/2021: 0 measuring, 1 calibrating, 2 fault
    PRIMARY KEY (sensor_id, ts)
);
-- Without the index on ts that TimescaleDB adds of itself: the plain table has none either, and every reading would
-- pay for it.
SELECT create_hypertable('reading', by_range('ts', interval '1 day'), create_default_indexes => false, if_not_exists => true);

-- Chunks make themselves; the function keeps the callers the same on both servers.
CREATE FUNCTION ensure_reading_partitions(first_ts timestamptz, last_ts timestamptz) RETURNS integer
LANGUAGE sql AS $$ SELECT 0 $$;
