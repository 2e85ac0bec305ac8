-- Write indicator values, touch none that did not change, keep what was published of closed periods; count the written.
-- A signed-off value stays as it is: what it would be now becomes a proposal, or withdraws one.
WITH fresh AS (
    SELECT (%(indicator_ids)s::int2[])[block] AS indicator_id, (%(subject_kinds)s::text[])[block] AS subject_kind,
           subject_id, (%(periods)s::text[])[block] AS period, period_start, period_end, nullif(value, 'NaN') AS value, n,
           nullif(completeness, 'NaN') AS completeness, verdict, nullif(limit_value, 'NaN') AS limit_value,
           responsible, note, detail::jsonb AS detail,
           CASE WHEN terms_last >= terms_first THEN (%(terms)s::float8[])[terms_first:terms_last] END AS terms,
           (%(method_versions)s::text[])[block] AS method_version, provisional
    FROM unnest(
        %(blocks)s::int4[], %(subject_ids)s::int4[], %(period_starts)s::timestamptz[], %(period_ends)s::timestamptz[],
        %(values)s::float8[], %(ns)s::int8[], %(completenesses)s::float8[], %(verdicts)s::text[],
        %(limit_values)s::float8[], %(responsibles)s::text[], %(notes)s::text[], %(details)s::text[],
        %(terms_firsts)s::int4[], %(terms_lasts)s::int4[],
        %(provisionals)s::bool[]
    ) AS t (block, subject_id, period_start, period_end, value, n, completeness, verdict, limit_value, responsible, note,
            detail, terms_first, terms_last, provisional)
), held AS MATERIALIZED (
    -- What was published of closed periods: one look-up per value, whatever the planner believes of the table.
    SELECT fresh AS new, v AS old, v.terms IS DISTINCT FROM fresh.terms AS sums_differ,
           (v.value, v.n, v.completeness, v.verdict, v.limit_value, v.responsible, v.note, v.detail, v.method_version)
           IS DISTINCT FROM
           (fresh.value, fresh.n, fresh.completeness, fresh.verdict, fresh.limit_value, fresh.responsible, fresh.note,
            fresh.detail, fresh.method_version) AS differs
    FROM fresh CROSS JOIN LATERAL (
        SELECT * FROM indicator_value o
        WHERE o.indicator_id = fresh.indicator_id AND o.subject_kind = fresh.subject_kind
          AND o.subject_id = fresh.subject_id AND o.period = fresh.period AND o.period_start = fresh.period_start
        LIMIT 1
    ) AS v
    WHERE NOT v.provisional
), superseded AS (
    INSERT INTO indicator_value_revision (indicator_id, subject_kind, subject_id, period, period_start, revision, value,
                                          n, completeness, verdict, limit_value, responsible, note, detail,
                                          terms, method_version, computed_at)
    SELECT (old).indicator_id, (old).subject_kind, (old).subject_id, (old).period, (old).period_start, (old).revision,
           (old).value, (old).n, (old).completeness, (old).verdict, (old).limit_value, (old).responsible, (old).note,
           (old).detail, (old).terms, (old).method_version, (old).computed_at
    FROM held WHERE (differs OR sums_differ) AND NOT (old).signed
    ON CONFLICT DO NOTHING
), written AS (
    INSERT INTO indicator_value AS v (indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n, completeness,
        verdict, limit_value, responsible, note, detail, terms, method_version, provisional)
    SELECT indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n, completeness,
           verdict, limit_value, responsible, note, detail, terms, method_version, provisional
    FROM fresh
    ON CONFLICT (indicator_id, subject_kind, subject_id, period, period_start) DO UPDATE SET
        period_end = EXCLUDED.period_end, value = EXCLUDED.value, n = EXCLUDED.n,
        completeness = EXCLUDED.completeness, verdict = EXCLUDED.verdict, limit_value = EXCLUDED.limit_value,
        responsible = EXCLUDED.responsible, note = EXCLUDED.note, detail = EXCLUDED.detail,
        terms = EXCLUDED.terms, method_version = EXCLUDED.method_version, provisional = EXCLUDED.provisional,
        revision = v.revision + CASE WHEN NOT v.provisional
            AND (v.value, v.n, v.completeness, v.verdict, v.limit_value, v.responsible, v.note, v.detail, v.terms,
                 v.method_version)
                IS DISTINCT FROM
                (EXCLUDED.value, EXCLUDED.n, EXCLUDED.completeness, EXCLUDED.verdict, EXCLUDED.limit_value,
                 EXCLUDED.responsible, EXCLUDED.note, EXCLUDED.detail, EXCLUDED.terms, EXCLUDED.method_version)
            THEN 1 ELSE 0 END,
        computed_at = now()
    WHERE NOT v.signed AND (v.period_end, v.value, v.n, v.completeness, v.verdict, v.limit_value, v.responsible, v.note,
           v.detail, v.terms, v.method_version, v.provisional)
          IS DISTINCT FROM
          (EXCLUDED.period_end, EXCLUDED.value, EXCLUDED.n, EXCLUDED.completeness, EXCLUDED.verdict,
           EXCLUDED.limit_value, EXCLUDED.responsible, EXCLUDED.note, EXCLUDED.detail, EXCLUDED.terms,
           EXCLUDED.method_version, EXCLUDED.provisional)
    RETURNING 1
), signed AS (
    SELECT (new).*, differs FROM held WHERE (old).signed
), withdrawn AS (
    DELETE FROM indicator_value_proposal p USING signed
    WHERE NOT signed.differs AND p.indicator_id = signed.indicator_id AND p.subject_kind = signed.subject_kind
      AND p.subject_id = signed.subject_id AND p.period = signed.period AND p.period_start = signed.period_start
), proposed AS (
    INSERT INTO indicator_value_proposal AS p (indicator_id, subject_kind, subject_id, period, period_start, value, n,
        completeness, verdict, limit_value, responsible, note, detail, terms, method_version)
    SELECT indicator_id, subject_kind, subject_id, period, period_start, value, n, completeness, verdict, limit_value,
           responsible, note, detail, terms, method_version
    FROM signed WHERE differs
    ON CONFLICT (indicator_id, subject_kind, subject_id, period, period_start) DO UPDATE SET
        value = EXCLUDED.value, n = EXCLUDED.n, completeness = EXCLUDED.completeness, verdict = EXCLUDED.verdict,
        limit_value = EXCLUDED.limit_value, responsible = EXCLUDED.responsible, note = EXCLUDED.note,
        detail = EXCLUDED.detail, terms = EXCLUDED.terms, method_version = EXCLUDED.method_version,
        proposed_at = now()
)
SELECT count(*) FROM written
