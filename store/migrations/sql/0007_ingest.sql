-- Sequence gaps that close when a batch comes late, and gateways that flood.

ALTER TABLE gateway_seen
    ADD COLUMN last_heard nummultirange,     -- batch ids of the last transaction, k as [k, k + 1); NULL: not sequential
    ADD COLUMN missing nummultirange NOT NULL DEFAULT '{}',  -- batch ids that were skipped and have not come since
    ADD COLUMN throttled_count bigint NOT NULL DEFAULT 0,    -- messages refused because the gateway floods
    ADD COLUMN throttled_at timestamptz;
COMMENT ON COLUMN gateway_seen.gap_count IS 'Of earlier versions; id_count(missing) says how many ids are missing.';

-- Rows of these two change with every batch: room in their pages keeps the changes out of the indexes.
ALTER TABLE gateway_seen SET (fillfactor = 50);
ALTER TABLE accounting SET (fillfactor = 50);

CREATE FUNCTION id_count(ids nummultirange) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF isempty(ids) THEN
        RETURN 0;
    END IF;
    RETURN (SELECT sum(upper(part) - lower(part)) FROM unnest(ids) AS part);
END $$;

-- The ids still missing after some were heard; `heard` is NULL for a gateway whose ids do not follow each other.
-- PL/pgSQL, because it runs with every batch and nearly always takes one of the fast paths: they plan no subquery.
CREATE FUNCTION missing_ids(missing nummultirange, last_id numeric, heard nummultirange) RETURNS nummultirange
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    first_new numeric := coalesce(last_id + 1, lower(heard));
    ids_max CONSTANT integer := 100000;  -- a larger jump is no loss but another way to number
    size_max CONSTANT integer := 400;    -- bytes: about 16 gaps; older ones will not be closed any more
BEGIN
    IF heard IS NULL THEN
        RETURN '{}';
    ELSIF isempty(heard) THEN
        RETURN missing;
    ELSIF first_new = lower(heard) AND isempty(missing)
          AND heard = nummultirange(numrange(lower(heard), upper(heard))) THEN
        RETURN missing;  -- the usual case: the ids follow each other, and nothing was missing
    END IF;
    IF upper(heard) > first_new AND upper(heard) - first_new <= ids_max THEN
        missing := missing + nummultirange(numrange(first_new, upper(heard)));
    END IF;
    missing := missing - heard;
    IF pg_column_size(missing) > size_max THEN
        missing := (SELECT range_agg(part) FROM (
            SELECT part FROM unnest(missing) AS part ORDER BY part DESC LIMIT 8) AS newest);
    END IF;
    RETURN missing;
END $$;

CREATE OR REPLACE VIEW grafana.gateway AS
SELECT g.id, g.code, g.name, g.archive, n.online, n.status_at, n.last_seen_at, id_count(n.missing) AS gap_count,
       n.clock_skew_s, n.throttled_count, n.throttled_at
FROM gateway g LEFT JOIN gateway_seen n ON n.gateway = g.code WHERE g.retired_at IS NULL;

-- What Sparkplug births have said: without it every gateway would have to be asked again after a restart, and messages
-- that are redelivered could not be read.
CREATE TABLE gateway_birth (
    gateway     text NOT NULL,
    device      text NOT NULL,               -- '' for the node itself
    bd_seq      bigint,                      -- ties a death to its birth; of nodes only
    metrics     jsonb NOT NULL,              -- [[name, alias or null, datatype, unit or null], …]
    learned_at  timestamptz NOT NULL,        -- reception; the clocks of devices are not asked
    PRIMARY KEY (gateway, device)
);
COMMENT ON TABLE gateway_birth IS 'Names behind the aliases of Sparkplug gateways, as their last births gave them.';
GRANT SELECT, INSERT, UPDATE ON gateway_birth TO nhip_ingest;
GRANT SELECT ON gateway_birth TO nhip_api;
