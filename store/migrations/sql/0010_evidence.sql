-- Evidence: how each indicator was computed at any time, and which evidence packs were given out.

CREATE TABLE rule_set_text (
    sha256      text PRIMARY KEY,            -- of `content`, hexadecimal
    code        text NOT NULL,
    content     text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE rule_set_text IS 'Every text of a rule set (limits, breakpoints) that processing has ever used.';

CREATE TABLE method (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    indicator   text NOT NULL,               -- code
    method_version text NOT NULL,
    content     jsonb NOT NULL,              -- definition, family with its inputs, rule sets by hash, rules, software
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX method_indicator ON method (indicator, id);
COMMENT ON TABLE method IS
    'How an indicator is computed, from recorded_at to the next row of its code; written by processing when it starts.';

CREATE TABLE evidence_pack (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256      text NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),  -- of the whole file
    indicator   text NOT NULL,
    subject_kind text NOT NULL,
    subject     text NOT NULL,               -- code
    period      text NOT NULL,
    period_start timestamptz NOT NULL,
    revision    integer NOT NULL,
    as_of       timestamptz,                 -- NULL: as published when it was issued
    value       double precision,
    issued_at   timestamptz NOT NULL DEFAULT now(),
    issued_by   text NOT NULL
);
COMMENT ON TABLE evidence_pack IS 'Packs that were given out: who holds one may ask whether it is ours.';

-- No constraint but the key: rows are copies of rows that kept them all.
CREATE TABLE hour_fact_revision (LIKE hour_fact INCLUDING COMMENTS);
ALTER TABLE hour_fact_revision DROP COLUMN provisional, ADD COLUMN superseded_at timestamptz NOT NULL DEFAULT now(),
    ADD PRIMARY KEY (sensor_id, hour, revision);
COMMENT ON TABLE hour_fact_revision IS
    'Facts of closed hours that late or corrected data changed: what published values were added up from.';

CREATE TRIGGER rule_set_text_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rule_set_text
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER method_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON method
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evidence_pack_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_pack
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON rule_set_text, method TO nhip_processing;
GRANT SELECT, INSERT ON hour_fact_revision TO nhip_processing;
GRANT SELECT ON rule_set_text, method, hour_fact_revision TO nhip_api;
GRANT SELECT, INSERT ON evidence_pack TO nhip_api;
