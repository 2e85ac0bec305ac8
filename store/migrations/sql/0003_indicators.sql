-- What processing writes: facts per (sensor, hour), interruptions, indicator values with their revisions; and targets.

CREATE TABLE hour_fact (
    sensor_id   integer NOT NULL,
    hour        timestamptz NOT NULL,        -- start, UTC
    n           integer NOT NULL,            -- readings
    n_good      integer NOT NULL,            -- state 0 and flag 1, 2 or 3
    slots       integer NOT NULL,            -- distinct interval slots that hold at least one good reading
    expected    integer NOT NULL,            -- slots that the sensor's interval asks for in the part of the hour it was deployed
    mean        double precision,            -- of good readings, calibrated; NULL without any
    m2          double precision,            -- sum of squared deviations from the mean
    minimum     double precision,
    maximum     double precision,
    first_ts    timestamptz,                 -- first and last reading, whatever its state
    last_ts     timestamptz,
    last_good_ts    timestamptz,
    last_good_value double precision,
    integral    double precision NOT NULL,   -- LOCF with maximum gap: value x seconds
    covered_s   double precision NOT NULL,   -- seconds that the integral covers
    live_s      double precision NOT NULL,   -- heartbeat rule: alive within k intervals of a reading
    window_s    double precision NOT NULL,   -- seconds of the hour that count (deployed, not planned maintenance)
    outages     integer NOT NULL,            -- dead ranges that start in this hour
    increase    double precision,            -- counters: reset-aware increase attributed to this hour
    on_time     integer NOT NULL,            -- readings that arrived within the limit
    delay_max_s double precision,
    provisional boolean NOT NULL DEFAULT false,  -- the hour was not over, or its grace had not passed
    revision    integer NOT NULL DEFAULT 1,      -- of the sensor's hourly indicator values, which are these facts
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (sensor_id, hour)
);
CREATE INDEX hour_fact_hour ON hour_fact (hour);
CREATE INDEX hour_fact_provisional ON hour_fact (hour) WHERE provisional;

CREATE TABLE interruption (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id         integer NOT NULL REFERENCES site,
    sensor_id       integer REFERENCES sensor,      -- NULL: entered by hand
    started_at      timestamptz NOT NULL,
    ended_at        timestamptz,                    -- NULL: going on
    customers       integer NOT NULL CHECK (customers >= 0),
    planned         boolean NOT NULL DEFAULT false,
    excluded_reason text,
    note            text,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CHECK (ended_at IS NULL OR ended_at >= started_at),
    UNIQUE (site_id, started_at)
);
CREATE INDEX interruption_started_at ON interruption (started_at);

CREATE TABLE maintenance_window (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sensor_id   integer REFERENCES sensor,
    site_id     integer REFERENCES site,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    declared_at timestamptz NOT NULL DEFAULT now(),  -- planned only when declared before it starts
    reason      text NOT NULL,
    CHECK (ends_at > starts_at),
    CHECK ((sensor_id IS NULL) <> (site_id IS NULL))
);

CREATE TABLE indicator (
    id              smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL UNIQUE,
    title_vi        text NOT NULL,
    title_en        text NOT NULL,
    unit            text NOT NULL,
    service         text NOT NULL,
    direction       text NOT NULL CHECK (direction IN ('higher', 'lower', 'range', 'none')),
    subject_kinds   text[] NOT NULL,
    periods         text[] NOT NULL,
    formula_vi      text NOT NULL,
    formula_en      text NOT NULL,
    completeness_rule_vi text NOT NULL,
    completeness_rule_en text NOT NULL,
    source          text NOT NULL,
    method_version  text NOT NULL,
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE indicator IS 'Filled by processing from its indicator files at every start.';

CREATE TABLE indicator_value (
    indicator_id    smallint NOT NULL,       -- of indicator, whose rows are never deleted; a foreign key would double the cost of a row
    subject_kind    text NOT NULL CHECK (subject_kind IN ('sensor', 'site', 'area')),
    subject_id      integer NOT NULL,
    period          text NOT NULL CHECK (period IN ('hour', 'day', 'month', 'year')),
    period_start    timestamptz NOT NULL,    -- local midnight (or hour) of the subject's area, as an instant
    period_end      timestamptz NOT NULL,
    value           double precision,        -- NULL: not computable, `note` says why
    n               bigint NOT NULL,         -- inputs that went in: readings, hours or events, as the indicator says
    completeness    double precision,        -- 0..1
    verdict         text CHECK (verdict IN ('đạt', 'không đạt', 'không đạt (thiếu minh chứng)')),
    limit_value     double precision,        -- what the verdict was judged against
    responsible     text,                    -- VN_AQI: the quantity with the highest sub-index
    note            text,                    -- reason code of a NULL value
    detail          jsonb,
    terms           double precision[],      -- additive sums behind value and completeness; longer periods add them up
    provisional     boolean NOT NULL,        -- the period is not over, or an input is still open
    method_version  text NOT NULL,
    revision        integer NOT NULL DEFAULT 1,
    computed_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (indicator_id, subject_kind, subject_id, period, period_start)
);
-- All columns of the key, so that whichever of the two indexes the planner takes for one cell is one step.
CREATE INDEX indicator_value_period ON indicator_value (indicator_id, period, period_start, subject_kind, subject_id);
CREATE INDEX indicator_value_provisional ON indicator_value (period_end) WHERE provisional;
COMMENT ON TABLE indicator_value IS
    'Every value but the hourly ones of sensors, which are hour_fact seen as indicators: read the view indicator_cell.';

CREATE VIEW sensor_hour_cell AS
SELECT i.id AS indicator_id, 'sensor' AS subject_kind, f.sensor_id AS subject_id, 'hour' AS period,
       f.hour AS period_start, f.hour + interval '1 hour' AS period_end,
       CASE WHEN x.denominator > 0 THEN x.numerator / x.denominator END AS value, x.n,
       CASE WHEN x.asked > 0 THEN least(1, x.present / x.asked) END AS completeness, NULL::text AS verdict,
       NULL::double precision AS limit_value, NULL::text AS responsible,
       CASE WHEN x.denominator > 0 THEN NULL ELSE 'nothing_expected' END AS note, NULL::jsonb AS detail,
       f.provisional, i.method_version, f.revision, f.computed_at
FROM hour_fact f CROSS JOIN LATERAL (VALUES
    ('completeness', f.slots::float8, f.expected::float8, f.n_good, f.slots::float8, f.expected::float8),
    ('timeliness', f.on_time, f.n, f.n, f.slots, f.expected),
    ('availability', f.live_s, f.window_s, f.n_good, f.window_s, f.window_s),
    ('time_weighted_mean', f.integral, f.covered_s, f.n_good, f.covered_s, f.window_s)
) AS x (code, numerator, denominator, n, present, asked) JOIN indicator i ON i.code = x.code;
COMMENT ON VIEW sensor_hour_cell IS 'Hour facts seen as indicator values.';

CREATE VIEW indicator_cell AS
SELECT indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n, completeness, verdict,
       limit_value, responsible, note, detail, provisional, method_version, revision, computed_at
FROM indicator_value
UNION ALL
SELECT indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n, completeness, verdict,
       limit_value, responsible, note, detail, provisional, method_version, revision, computed_at
FROM sensor_hour_cell;
COMMENT ON VIEW indicator_cell IS 'Every published indicator value: stored ones, and the hours of sensors from hour_fact.';

CREATE VIEW sensor_place AS
SELECT s.id AS sensor_id, s.site_id, '-infinity'::timestamptz AS valid_from, 'infinity'::timestamptz AS valid_to
FROM sensor s WHERE NOT EXISTS (SELECT FROM deployment d WHERE d.sensor_id = s.id)
UNION ALL
SELECT d.sensor_id, d.site_id,
       CASE WHEN EXISTS (SELECT FROM deployment b WHERE b.sensor_id = d.sensor_id AND b.valid_from < d.valid_from)
            THEN d.valid_from ELSE '-infinity' END,
       coalesce(d.valid_to, 'infinity')
FROM deployment d;
COMMENT ON VIEW sensor_place IS 'Where each sensor stood when; what it measured before its first deployment belongs to that place too.';

CREATE TABLE indicator_value_revision (
    indicator_id    smallint NOT NULL,
    subject_kind    text NOT NULL,
    subject_id      integer NOT NULL,
    period          text NOT NULL,
    period_start    timestamptz NOT NULL,
    revision        integer NOT NULL,
    value           double precision,
    n               bigint NOT NULL,
    completeness    double precision,
    verdict         text,
    limit_value     double precision,
    responsible     text,
    note            text,
    detail          jsonb,
    method_version  text NOT NULL,
    computed_at     timestamptz NOT NULL,
    superseded_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (indicator_id, subject_kind, subject_id, period, period_start, revision)
);
COMMENT ON TABLE indicator_value_revision IS 'What was published before and was changed by late or corrected data.';

CREATE TABLE programme (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL UNIQUE,
    title       text NOT NULL,
    document    text NOT NULL,               -- number and date of the Đề án
    area_id     integer NOT NULL REFERENCES area,
    valid_from  date NOT NULL,
    valid_to    date
);
CREATE TABLE target (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    programme_id integer NOT NULL REFERENCES programme,
    indicator   text NOT NULL,               -- code; a target may precede the first computation
    area_id     integer NOT NULL REFERENCES area,
    period      text NOT NULL CHECK (period IN ('hour', 'day', 'month', 'year')),
    direction   text NOT NULL CHECK (direction IN ('higher', 'lower')),
    baseline    double precision,
    baseline_year integer,
    target      double precision NOT NULL,
    due_year    integer NOT NULL,
    source      text NOT NULL,
    UNIQUE (programme_id, indicator, area_id, period)
);
