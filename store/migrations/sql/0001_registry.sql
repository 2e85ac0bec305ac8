-- The registry: areas, sites, gateways, sensors, quantities, and what is known of them over time.

CREATE TABLE quantity (
    code        text PRIMARY KEY CHECK (code ~ '^[a-z][a-z0-9_]{0,47}$'),
    title_vi    text NOT NULL,
    title_en    text NOT NULL,
    service     text NOT NULL,
    unit        text NOT NULL,              -- UCUM; readings are stored in this unit
    kind        text NOT NULL CHECK (kind IN ('gauge', 'counter', 'state')),
    range_min   double precision,           -- gross range (QARTOD): outside it a reading is flagged, not refused
    range_max   double precision
);
COMMENT ON TABLE quantity IS 'Observed properties; filled from domain.quantities at every migration.';

CREATE TABLE area (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
    name        text NOT NULL,
    name_en     text,
    kind        text NOT NULL CHECK (kind IN ('province', 'city', 'ward', 'commune', 'special_zone', 'zone')),
    parent_id   integer REFERENCES area,
    time_zone   text NOT NULL DEFAULT 'Asia/Ho_Chi_Minh',
    valid_from  date,
    retired_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK (parent_id IS DISTINCT FROM id)
);
COMMENT ON TABLE area IS 'Two-level government (province or city > ward, commune or special zone) since July 2025, and free zones.';

CREATE TABLE site (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    name        text NOT NULL,
    name_en     text,
    kind        text NOT NULL CHECK (kind IN ('air_station', 'water_station', 'pump', 'feeder', 'light', 'road',
                                              'bin', 'gauge', 'noise_station', 'pole', 'other')),
    area_id     integer NOT NULL REFERENCES area,
    latitude    double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude   double precision CHECK (longitude BETWEEN -180 AND 180),
    customers   integer CHECK (customers >= 0),      -- of a feeder: K_i of SAIDI and SAIFI
    aqi_eligible boolean NOT NULL DEFAULT true,      -- false: a reference station, concentrations only
    retired_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX site_area_id ON site (area_id);

CREATE TABLE site_zone (
    site_id     integer NOT NULL REFERENCES site,
    area_id     integer NOT NULL REFERENCES area,
    PRIMARY KEY (site_id, area_id)
);
COMMENT ON TABLE site_zone IS 'Free zones that a site counts in besides its own area.';

CREATE TABLE gateway (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL UNIQUE CHECK (code ~ '^[a-z0-9-]{1,64}$'),
    name            text NOT NULL,
    payload_format  text NOT NULL DEFAULT 'native',
    archive         boolean NOT NULL DEFAULT false,  -- replays history; nothing is expected after its last reading
    accept_past_s   bigint NOT NULL DEFAULT 34560000 CHECK (accept_past_s > 0),      -- 400 days
    accept_future_s integer NOT NULL DEFAULT 300 CHECK (accept_future_s >= 0),
    retired_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE gateway_credential (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway_id      integer NOT NULL REFERENCES gateway,
    username        text NOT NULL,
    password_hash   text NOT NULL,       -- in the broker's own form ($7$, PBKDF2-SHA512); the password is shown once
    created_at      timestamptz NOT NULL DEFAULT now(),
    revoked_at      timestamptz
);
CREATE UNIQUE INDEX gateway_credential_live ON gateway_credential (username) WHERE revoked_at IS NULL;

CREATE SEQUENCE broker_access_wanted;
CREATE TABLE broker_access_applied (
    broker      text PRIMARY KEY,
    version     bigint NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE broker_access_applied IS 'Which state of the credentials each broker has loaded; wanted is the sequence broker_access_wanted.';

CREATE TABLE gateway_seen (
    gateway         text PRIMARY KEY,            -- a code, registered or not
    online          boolean,
    status          jsonb,
    status_at       timestamptz,
    first_seen_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at    timestamptz NOT NULL DEFAULT now(),
    last_batch_id   numeric(20),
    gap_count       bigint NOT NULL DEFAULT 0,   -- batch ids that were skipped
    clock_skew_s    double precision             -- median of (received - ts) of the last batch
);

CREATE TABLE sensor (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 160),
    gateway_id      integer NOT NULL REFERENCES gateway,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),   -- what the gateway calls it: "s" of a payload
    title           text,
    quantity        text NOT NULL REFERENCES quantity,
    unit            text NOT NULL,               -- UCUM, what the sensor sends when a payload names none
    interval_s      double precision NOT NULL CHECK (interval_s > 0),      -- expected between two readings
    averaging_s     double precision NOT NULL DEFAULT 0 CHECK (averaging_s >= 0),  -- a reading is the mean of [ts, ts + averaging_s)
    site_id         integer NOT NULL REFERENCES site,
    latitude        double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude       double precision CHECK (longitude BETWEEN -180 AND 180),
    retired_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX sensor_name_on_gateway ON sensor (gateway_id, name) WHERE retired_at IS NULL;
CREATE INDEX sensor_site_id ON sensor (site_id);

CREATE TABLE deployment (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sensor_id   integer NOT NULL REFERENCES sensor,
    site_id     integer NOT NULL REFERENCES site,
    gateway_id  integer NOT NULL REFERENCES gateway,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz,
    note        text,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);
CREATE UNIQUE INDEX deployment_open ON deployment (sensor_id) WHERE valid_to IS NULL;
CREATE INDEX deployment_sensor ON deployment (sensor_id, valid_from);

CREATE TABLE calibration (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sensor_id       integer NOT NULL REFERENCES sensor,
    performed_at    timestamptz NOT NULL,
    valid_from      timestamptz NOT NULL,
    valid_to        timestamptz,
    scale           double precision NOT NULL DEFAULT 1,
    value_offset    double precision NOT NULL DEFAULT 0,   -- calibrated = scale * raw + value_offset; raw stays as sent
    certificate     text,
    performed_by    text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);
CREATE INDEX calibration_sensor ON calibration (sensor_id, valid_from);

CREATE TABLE api_key (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    role        text NOT NULL CHECK (role IN ('viewer', 'technician', 'operator', 'evaluator', 'admin')),
    key_prefix  text NOT NULL,
    key_hash    bytea NOT NULL UNIQUE,   -- SHA-256 of a key of 256 random bits; a slow hash would add nothing
    session_of  integer REFERENCES api_key,  -- a browser session: ends with the key that opened it
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz,
    revoked_at  timestamptz,
    last_used_at timestamptz
);

CREATE TABLE audit (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    actor       text NOT NULL,
    action      text NOT NULL,
    object_kind text NOT NULL,
    object_code text NOT NULL,
    before      jsonb,
    after       jsonb,
    origin      text
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE idempotency (
    key         text NOT NULL,
    actor       text NOT NULL,
    method_path text NOT NULL,
    body_hash   bytea NOT NULL,
    status      integer,
    response    jsonb,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (actor, key)
);

CREATE FUNCTION announce_registry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('nhip_registry', TG_TABLE_NAME);
    RETURN NULL;
END $$;
CREATE TRIGGER gateway_announce AFTER INSERT OR UPDATE OR DELETE ON gateway
    FOR EACH STATEMENT EXECUTE FUNCTION announce_registry();
CREATE TRIGGER sensor_announce AFTER INSERT OR UPDATE OR DELETE ON sensor
    FOR EACH STATEMENT EXECUTE FUNCTION announce_registry();
CREATE TRIGGER site_announce AFTER INSERT OR UPDATE OR DELETE ON site
    FOR EACH STATEMENT EXECUTE FUNCTION announce_registry();
CREATE TRIGGER area_announce AFTER INSERT OR UPDATE OR DELETE ON area
    FOR EACH STATEMENT EXECUTE FUNCTION announce_registry();

CREATE FUNCTION announce_credential() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('broker_access_wanted');
    PERFORM pg_notify('nhip_broker_access', '');
    RETURN NULL;
END $$;
CREATE TRIGGER gateway_credential_announce AFTER INSERT OR UPDATE OR DELETE ON gateway_credential
    FOR EACH STATEMENT EXECUTE FUNCTION announce_credential();
