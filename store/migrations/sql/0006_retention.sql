-- How long raw readings are kept. Nothing is dropped until somebody says so: readings are evidence.

CREATE TABLE retention (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- Not shorter than what gateways may deliver late, or a reading would be dropped as soon as it is stored.
    readings_kept   interval NOT NULL CHECK (readings_kept >= interval '400 days')
);
COMMENT ON TABLE retention IS 'One row, or none: keep readings for ever.';

-- Our own job and not TimescaleDB's policy: it runs on every licence, and when its background workers do not.
CREATE FUNCTION drop_expired_readings() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    oldest timestamptz := (SELECT now() - readings_kept FROM retention);
    part regclass;
    dropped integer := 0;
BEGIN
    IF oldest IS NULL THEN
        RETURN 0;
    END IF;
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        EXECUTE 'SELECT count(*) FROM drop_chunks(''reading'', older_than => $1)' INTO dropped USING oldest;
        RETURN dropped;
    END IF;
    FOR part IN
        SELECT c.oid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'reading'::regclass
          AND to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= oldest AT TIME ZONE 'UTC'
    LOOP
        EXECUTE format('DROP TABLE %s', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
REVOKE EXECUTE ON FUNCTION drop_expired_readings() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_expired_readings() TO nhip_processing;
GRANT SELECT ON retention TO nhip_processing, nhip_api;
