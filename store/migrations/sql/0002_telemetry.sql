-- What ingest writes. The table `reading` itself is made by 0002_reading_plain.sql or 0002_reading_timescale.sql.

CREATE TABLE quarantine (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at     timestamptz NOT NULL DEFAULT now(),
    gateway         text NOT NULL,           -- from the topic; registered or not
    topic           text NOT NULL,
    payload_format  text NOT NULL,           -- how to decode `payload` when it is replayed
    reason          text NOT NULL,           -- domain.quarantine.Reason
    detail          text NOT NULL DEFAULT '',
    sensor          text,                    -- the name the gateway used, where the reason concerns one sensor
    reading_count   integer NOT NULL CHECK (reading_count > 0),  -- 1 for a message that could not be read
    payload         bytea NOT NULL,
    last_ts         timestamptz,
    last_value      double precision,
    last_unit       text,
    digest          bytea NOT NULL,          -- SHA-256 over gateway, reason, sensor, payload: redelivery adds nothing
    status          text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replayed', 'discarded')),
    replay_requested_at timestamptz,        -- set by an operator; the ingester replays and resolves
    resolved_at     timestamptz,
    resolved_by     text,
    UNIQUE (digest)
);
CREATE INDEX quarantine_open ON quarantine (gateway, sensor, reason) WHERE status = 'open';
CREATE INDEX quarantine_received_at ON quarantine (received_at);

CREATE TABLE accounting (
    gateway     text NOT NULL,
    hour        timestamptz NOT NULL,        -- of reception, UTC
    messages    bigint NOT NULL DEFAULT 0,
    received    bigint NOT NULL DEFAULT 0,   -- readings; a message that could not be read counts as one
    stored      bigint NOT NULL DEFAULT 0,
    duplicate   bigint NOT NULL DEFAULT 0,
    conflict    bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    rejected    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (gateway, hour),
    CHECK (received = stored + duplicate + conflict + quarantined + rejected)
);
COMMENT ON TABLE accounting IS 'The ledger: received = stored + duplicate + conflict + quarantined + rejected, enforced.';

CREATE TABLE dirty_hour (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sensor_id   integer NOT NULL,
    hour        timestamptz NOT NULL,
    marked_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dirty_hour IS
    'An append-only queue: keys may repeat. A unique key would make ingest wait for the processing transaction that claims it.';
