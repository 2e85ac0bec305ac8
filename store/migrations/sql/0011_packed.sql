-- Packed hours: the readings of one sensor in one hour as columns of bytes; and jobs that compute history again.
-- The same tables on plain PostgreSQL and on TimescaleDB: no hypertable, because one row stands for an hour.

CREATE TABLE packed_hour (
    sensor_id   integer NOT NULL,
    hour        timestamptz NOT NULL,        -- start, UTC
    n           integer NOT NULL CHECK (n > 0),
    -- n values each, little endian; the length says the form (processing/kernels/copy_stream.py). Nothing is lost.
    ts_offset   bytea NOT NULL,              -- from the hour's start: n x u2 seconds, or n x u4 microseconds
    value       bytea NOT NULL,              -- decimals and n x i2 or i4; or n x f8
    flag        bytea NOT NULL,              -- i2, or n x i2 where they differ
    state       bytea NOT NULL,              -- as flag
    delay       bytea NOT NULL,              -- received_at - ts: n x i4 or n x i8 microseconds
    version     smallint NOT NULL DEFAULT 1, -- of these forms
    valid       boolean NOT NULL DEFAULT true,  -- false: readings came after it was made; read the rows, too
    sealed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, hour)
);
-- A page takes a whole hour of a reading every few seconds; compressing what is packed already only costs time.
ALTER TABLE packed_hour SET (toast_tuple_target = 8160);
ALTER TABLE packed_hour ALTER ts_offset SET STORAGE EXTERNAL, ALTER value SET STORAGE EXTERNAL,
    ALTER flag SET STORAGE EXTERNAL, ALTER state SET STORAGE EXTERNAL, ALTER delay SET STORAGE EXTERNAL;
CREATE INDEX packed_hour_invalid ON packed_hour (hour) WHERE NOT valid;
COMMENT ON TABLE packed_hour IS
    'A second form of closed hours that is read ten times faster. Rows stay until retention drops them; then this remains.';

CREATE TABLE packing (
    only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sealed_until timestamptz NOT NULL DEFAULT '-infinity',  -- no hour from here on is packed; only ever moves forward
    -- The last (hour, sensor) that was looked at: facts of longer ago that came later are packed on request only.
    last_hour    timestamptz NOT NULL DEFAULT '-infinity',
    last_sensor  integer NOT NULL DEFAULT 0
);
INSERT INTO packing DEFAULT VALUES;

ALTER TABLE dirty_hour ADD COLUMN readings_changed boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN dirty_hour.readings_changed IS
    'Whoever adds or changes readings marks their hours here in the same transaction; false: the same readings, to be
computed again.';

-- A pack is never stale: the transaction that brings a late reading says so in the pack, or waits for who is making it.
-- Lock 0 is for the horizon, lock 1 for packs before it. Everybody here shares them; only the packer has them alone.
CREATE FUNCTION invalidate_packs() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    space CONSTANT integer := 1852338181;  -- 0x6e687005
    horizon timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(space, 0);
    horizon := (SELECT sealed_until FROM packing);
    IF NOT EXISTS (SELECT FROM fresh WHERE hour < horizon AND readings_changed) THEN
        RETURN NULL;  -- the usual case: readings of today
    END IF;
    PERFORM pg_advisory_xact_lock_shared(space, 1);
    -- In order, so that two transactions with late readings of the same hours do not wait for each other in a ring.
    PERFORM FROM packed_hour p
        WHERE valid AND (sensor_id, hour) IN (SELECT sensor_id, hour FROM fresh WHERE hour < horizon AND readings_changed)
        ORDER BY sensor_id, hour FOR UPDATE;
    UPDATE packed_hour p SET valid = false
        FROM (SELECT DISTINCT sensor_id, hour FROM fresh WHERE hour < horizon AND readings_changed) AS f
        WHERE p.sensor_id = f.sensor_id AND p.hour = f.hour AND p.valid;
    RETURN NULL;
END $$;
CREATE TRIGGER invalidate_packs AFTER INSERT ON dirty_hour
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION invalidate_packs();

-- The hours of some sensors that a span touches: those with facts, and those with readings that have no facts yet. The
-- readings themselves are not read: one look into the index for each hour without facts.
CREATE FUNCTION hours_to_recompute(sensor_ids integer[], starts_at timestamptz, ends_at timestamptz)
RETURNS TABLE (sensor_id integer, hour timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT f.sensor_id, f.hour FROM hour_fact f
    WHERE f.sensor_id = ANY(sensor_ids) AND f.hour > starts_at - interval '1 hour' AND f.hour < ends_at
    UNION ALL
    SELECT k.sensor_id, h.hour FROM unnest(sensor_ids) AS k (sensor_id)
    CROSS JOIN LATERAL (
        SELECT ts FROM reading x WHERE x.sensor_id = k.sensor_id AND x.ts >= starts_at AND x.ts < ends_at ORDER BY ts LIMIT 1
    ) AS a
    CROSS JOIN LATERAL (
        SELECT ts FROM reading x WHERE x.sensor_id = k.sensor_id AND x.ts >= starts_at AND x.ts < ends_at
        ORDER BY ts DESC LIMIT 1
    ) AS z
    CROSS JOIN LATERAL generate_series(date_trunc('hour', a.ts, 'UTC'), z.ts, interval '1 hour') AS h (hour)
    WHERE NOT EXISTS (SELECT FROM hour_fact f WHERE f.sensor_id = k.sensor_id AND f.hour = h.hour)
      AND EXISTS (SELECT FROM reading x WHERE x.sensor_id = k.sensor_id AND x.ts >= greatest(h.hour, starts_at)
                  AND x.ts < least(h.hour + interval '1 hour', ends_at))
$$;

CREATE TABLE recompute_job (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,                 -- NULL: going on, or to be continued
    mode        text NOT NULL CHECK (mode IN ('mark', 'compute')),
    selection   jsonb NOT NULL               -- as given: {from, to, sensor, area, indicator}
);
CREATE TABLE recompute_part (
    job_id      integer NOT NULL REFERENCES recompute_job ON DELETE CASCADE,
    number      integer NOT NULL,            -- the order in which they are done
    sensor_ids  integer[] NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    done_at     timestamptz,                 -- set by the transaction that does the part
    hours       bigint NOT NULL DEFAULT 0,   -- marked, or computed
    facts       bigint NOT NULL DEFAULT 0,   -- changed
    cells       bigint NOT NULL DEFAULT 0,   -- changed
    PRIMARY KEY (job_id, number)
);
CREATE INDEX recompute_part_open ON recompute_part (job_id, number) WHERE done_at IS NULL;
COMMENT ON TABLE recompute_job IS 'History that is computed again; a job that was interrupted goes on where it was.';

-- Readings come back from an archive: those that are there stay as they are; the hours of the others are marked.
CREATE FUNCTION restore_readings(sensor_ids integer[], instants timestamptz[], arrivals timestamptz[],
                                 readings double precision[], flags smallint[], states smallint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    restored bigint;
BEGIN
    PERFORM ensure_reading_partitions(min(ts), max(ts)) FROM unnest(instants) AS t (ts) HAVING count(*) > 0;
    WITH fresh AS (
        INSERT INTO reading (sensor_id, ts, received_at, value, flag, state)
        SELECT * FROM unnest(sensor_ids, instants, arrivals, readings, flags, states)
        ON CONFLICT DO NOTHING RETURNING sensor_id, ts
    ), marked AS (
        INSERT INTO dirty_hour (sensor_id, hour)
        SELECT DISTINCT sensor_id, date_trunc('hour', ts, 'UTC') FROM fresh
    )
    SELECT count(*) INTO restored FROM fresh;
    RETURN restored;
END $$;
REVOKE EXECUTE ON FUNCTION restore_readings(integer[], timestamptz[], timestamptz[], double precision[], smallint[], smallint[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION restore_readings(integer[], timestamptz[], timestamptz[], double precision[], smallint[], smallint[])
    TO nhip_processing;

GRANT SELECT, INSERT, UPDATE, DELETE ON packed_hour TO nhip_processing;
GRANT SELECT, UPDATE ON packing TO nhip_processing;
GRANT SELECT, INSERT, UPDATE ON recompute_job, recompute_part TO nhip_processing;
GRANT SELECT ON packed_hour, packing, recompute_job, recompute_part TO nhip_api;
