-- Indicators of raw readings: their terms beside the values, parameters that a city sets; quarters; repair times.

ALTER TABLE hour_fact
    ADD COLUMN outages_closed integer NOT NULL DEFAULT 0,               -- dead ranges that a good reading of this hour ends
    ADD COLUMN outage_closed_s double precision NOT NULL DEFAULT 0,     -- their whole length, less planned maintenance
    ADD COLUMN last_calibrating_ts timestamptz;                         -- a device that calibrates is not out

-- Values of open periods are written anew every hour: with room on its page, an update leaves the three indexes alone.
ALTER TABLE indicator_value SET (fillfactor = 70);
ALTER TABLE indicator_value
    DROP CONSTRAINT indicator_value_period_check,
    ADD CONSTRAINT indicator_value_period_check CHECK (period IN ('hour', 'day', 'month', 'quarter', 'year'));
ALTER TABLE target
    DROP CONSTRAINT target_period_check,
    ADD CONSTRAINT target_period_check CHECK (period IN ('hour', 'day', 'month', 'quarter', 'year'));
COMMENT ON COLUMN indicator_value.terms IS
    'Additive sums behind value and completeness; longer periods add them up. Ratios of hour facts: numerator, denominator, present, asked. Raw readings: present, asked, k, k sums, then (bucket, count) of a histogram.';

-- Periods that an indicator does not publish are kept for longer ones to add up, with the note `terms`.
CREATE OR REPLACE VIEW indicator_cell AS
SELECT indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n, completeness, verdict,
       limit_value, responsible, note, detail, provisional, method_version, revision, computed_at
FROM indicator_value WHERE note IS DISTINCT FROM 'terms'
UNION ALL
SELECT indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n, completeness, verdict,
       limit_value, responsible, note, detail, provisional, method_version, revision, computed_at
FROM sensor_hour_cell;

CREATE TABLE parameter (
    indicator   text NOT NULL,               -- code
    name        text NOT NULL,
    unit        text NOT NULL,
    default_value double precision,          -- NULL: none, and without a value the indicator has none either
    minimum     double precision NOT NULL,   -- smallest and largest admissible value
    maximum     double precision NOT NULL,
    title_vi    text NOT NULL,
    title_en    text NOT NULL,
    source      text NOT NULL,               -- where the default comes from
    quantities  text[] NOT NULL,             -- that the indicator reads
    PRIMARY KEY (indicator, name)
);
COMMENT ON TABLE parameter IS 'Numbers that indicators ask for; filled by processing from its indicators at every start.';

CREATE TABLE indicator_parameter (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    indicator   text NOT NULL,
    name        text NOT NULL,
    sensor_id   integer REFERENCES sensor,
    site_id     integer REFERENCES site,
    area_id     integer REFERENCES area,     -- all three NULL: everywhere
    value       double precision,            -- NULL: not set here any more from this day on
    valid_from  date NOT NULL,               -- local day
    source      text NOT NULL,               -- document, or who decided
    updated_at  timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (indicator, name) REFERENCES parameter,
    CHECK (num_nonnulls(sensor_id, site_id, area_id) <= 1),
    UNIQUE NULLS NOT DISTINCT (indicator, name, sensor_id, site_id, area_id, valid_from)
);
COMMENT ON TABLE indicator_parameter IS
    'Values of parameters from a day on. The nearest holds: sensor, site, area and those above it, everywhere, default.';

GRANT SELECT, INSERT, UPDATE, DELETE ON parameter TO nhip_processing;
GRANT SELECT ON indicator_parameter TO nhip_processing;
GRANT SELECT ON parameter TO nhip_api;
GRANT SELECT, INSERT, UPDATE ON indicator_parameter TO nhip_api;
