-- Programmes in full (ranges, trajectories, groups and levels), and periods that are signed off.

ALTER TABLE target
    ADD COLUMN target_max double precision,          -- direction range: its upper end; `target` is the lower
    ADD COLUMN group_code text NOT NULL DEFAULT '',  -- group of the official set, such as B1, B2; '' for none
    ADD COLUMN level smallint CHECK (level BETWEEN 1 AND 3),
    DROP CONSTRAINT target_direction_check,
    ADD CONSTRAINT target_direction_check CHECK (direction IN ('higher', 'lower', 'range')),
    ADD CONSTRAINT target_range_check CHECK ((direction = 'range') = (target_max IS NOT NULL) AND target <= coalesce(target_max, target));

CREATE TABLE target_milestone (
    target_id   integer NOT NULL REFERENCES target,
    year        integer NOT NULL,
    value       double precision NOT NULL,
    PRIMARY KEY (target_id, year)
);
COMMENT ON TABLE target_milestone IS 'The way from the baseline to the target, where it is not straight.';

ALTER TABLE indicator_value ADD COLUMN signed boolean NOT NULL DEFAULT false;
ALTER TABLE indicator_value_revision ADD COLUMN terms double precision[];  -- as in indicator_value
COMMENT ON COLUMN indicator_value.signed IS 'Signed off: a recomputation that differs becomes a proposal, and changes nothing.';

CREATE OR REPLACE VIEW indicator_cell AS
SELECT indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n, completeness, verdict,
       limit_value, responsible, note, detail, provisional, method_version, revision, computed_at, signed
FROM indicator_value WHERE note IS DISTINCT FROM 'terms'
UNION ALL
SELECT indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n, completeness, verdict,
       limit_value, responsible, note, detail, provisional, method_version, revision, computed_at, false
FROM sensor_hour_cell;

CREATE TABLE sign_off (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    indicator_id    smallint NOT NULL,
    subject_kind    text NOT NULL,
    subject_id      integer NOT NULL,
    period          text NOT NULL,
    period_start    timestamptz NOT NULL,
    revision        integer NOT NULL,       -- of the value that was signed
    value           double precision,
    verdict         text,
    reason          text NOT NULL,          -- of the first signature, or of the revision
    signed_by       text NOT NULL,
    signed_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (indicator_id, subject_kind, subject_id, period, period_start, revision)
);

CREATE TABLE indicator_value_proposal (
    id              bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    indicator_id    smallint NOT NULL,
    subject_kind    text NOT NULL,
    subject_id      integer NOT NULL,
    period          text NOT NULL,
    period_start    timestamptz NOT NULL,
    value           double precision,
    n               bigint NOT NULL,
    completeness    double precision,
    verdict         text,
    limit_value     double precision,
    responsible     text,
    note            text,
    detail          jsonb,
    terms           double precision[],
    method_version  text NOT NULL,
    proposed_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (indicator_id, subject_kind, subject_id, period, period_start)
);
COMMENT ON TABLE indicator_value_proposal IS
    'What a signed-off value would be by the data of today; it takes effect only by a revision with a reason.';

-- Sign off the closed values of subjects whose periods begin in [first, last); returns the new signatures.
-- As the owner: the API may sign, and may not write values.
CREATE FUNCTION sign_values(wanted smallint, kind text, subjects integer[], length text, first timestamptz,
                            last timestamptz, actor text, why text) RETURNS SETOF sign_off
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH signed AS (
        UPDATE indicator_value SET signed = true
        WHERE indicator_id = wanted AND subject_kind = kind AND subject_id = ANY (subjects) AND period = length
          AND period_start >= first AND period_start < last AND NOT provisional AND NOT signed
        RETURNING *
    )
    INSERT INTO sign_off (indicator_id, subject_kind, subject_id, period, period_start, revision, value, verdict,
                          reason, signed_by)
    SELECT indicator_id, subject_kind, subject_id, period, period_start, revision, value, verdict, why, actor
    FROM signed ORDER BY subject_id, period_start
    RETURNING *
$$;

-- Let a proposal take the place of the signed value, which becomes a superseded revision; returns the signature.
CREATE FUNCTION revise_signed_value(proposal bigint, actor text, why text) RETURNS SETOF sign_off
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wanted indicator_value_proposal;
    held indicator_value;
BEGIN
    DELETE FROM indicator_value_proposal WHERE id = proposal RETURNING * INTO wanted;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO STRICT held FROM indicator_value v
    WHERE v.indicator_id = wanted.indicator_id AND v.subject_kind = wanted.subject_kind
      AND v.subject_id = wanted.subject_id AND v.period = wanted.period AND v.period_start = wanted.period_start
    FOR UPDATE;
    INSERT INTO indicator_value_revision (indicator_id, subject_kind, subject_id, period, period_start, revision, value,
                                          n, completeness, verdict, limit_value, responsible, note, detail,
                                          terms, method_version, computed_at)
    VALUES (held.indicator_id, held.subject_kind, held.subject_id, held.period, held.period_start, held.revision,
            held.value, held.n, held.completeness, held.verdict, held.limit_value, held.responsible, held.note,
            held.detail, held.terms, held.method_version, held.computed_at);
    UPDATE indicator_value v SET value = wanted.value, n = wanted.n, completeness = wanted.completeness,
        verdict = wanted.verdict, limit_value = wanted.limit_value, responsible = wanted.responsible,
        note = wanted.note, detail = wanted.detail, terms = wanted.terms, method_version = wanted.method_version,
        revision = held.revision + 1, computed_at = now()
    WHERE v.indicator_id = wanted.indicator_id AND v.subject_kind = wanted.subject_kind
      AND v.subject_id = wanted.subject_id AND v.period = wanted.period AND v.period_start = wanted.period_start;
    RETURN QUERY INSERT INTO sign_off (indicator_id, subject_kind, subject_id, period, period_start, revision, value,
                                       verdict, reason, signed_by)
    VALUES (wanted.indicator_id, wanted.subject_kind, wanted.subject_id, wanted.period, wanted.period_start,
            held.revision + 1, wanted.value, wanted.verdict, why, actor)
    RETURNING *;
END $$;

REVOKE EXECUTE ON FUNCTION sign_values, revise_signed_value FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sign_values, revise_signed_value TO nhip_api;
GRANT SELECT ON target_milestone, sign_off, indicator_value_proposal TO nhip_api;
GRANT INSERT, DELETE ON target_milestone TO nhip_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON indicator_value_proposal TO nhip_processing;
