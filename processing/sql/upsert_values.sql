-- Write indicator values, touch none that did not change, keep what was published of closed periods; count the written.
WITH fresh AS (
    SELECT %(indicator_id)s::int2 AS indicator_id, %(subject_kind)s::text AS subject_kind, subject_id,
           %(period)s::text AS period, period_start, period_end, nullif(value, 'NaN') AS value, n,
           nullif(completeness, 'NaN') AS completeness, verdict, nullif(limit_value, 'NaN') AS limit_value,
           responsible, note, detail::jsonb AS detail,
           CASE WHEN %(has_terms)s::bool THEN ARRAY[numerator, denominator, present, asked] END AS terms,
           %(method_version)s::text AS method_version, provisional
    FROM unnest(
        %(subject_ids)s::int4[], %(period_starts)s::timestamptz[], %(period_ends)s::timestamptz[],
        %(values)s::float8[], %(ns)s::int8[], %(completenesses)s::float8[], %(verdicts)s::text[],
        %(limit_values)s::float8[], %(responsibles)s::text[], %(notes)s::text[], %(details)s::text[],
        %(numerators)s::float8[], %(denominators)s::float8[], %(presents)s::float8[], %(askeds)s::float8[],
        %(provisionals)s::bool[]
    ) AS t (subject_id, period_start, period_end, value, n, completeness, verdict, limit_value, responsible, note,
            detail, numerator, denominator, present, asked, provisional)
), superseded AS (
    INSERT INTO indicator_value_revision (indicator_id, subject_kind, subject_id, period, period_start, revision, value,
                                          n, completeness, verdict, limit_value, responsible, note, detail,
                                          method_version, computed_at)
    SELECT v.indicator_id, v.subject_kind, v.subject_id, v.period, v.period_start, v.revision, v.value,
           v.n, v.completeness, v.verdict, v.limit_value, v.responsible, v.note, v.detail,
           v.method_version, v.computed_at
    FROM fresh CROSS JOIN LATERAL (
        SELECT * FROM indicator_value o
        WHERE o.indicator_id = fresh.indicator_id AND o.subject_kind = fresh.subject_kind
          AND o.subject_id = fresh.subject_id AND o.period = fresh.period AND o.period_start = fresh.period_start
        LIMIT 1  -- one look-up per value, whatever the planner believes of the table
    ) AS v
    WHERE NOT v.provisional
      AND (v.value, v.n, v.completeness, v.verdict, v.limit_value, v.responsible, v.note, v.detail,
           v.method_version)
          IS DISTINCT FROM
          (fresh.value, fresh.n, fresh.completeness, fresh.verdict, fresh.limit_value, fresh.responsible,
           fresh.note, fresh.detail, fresh.method_version)
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
            AND (v.value, v.n, v.completeness, v.verdict, v.limit_value, v.responsible, v.note, v.detail,
                 v.method_version)
                IS DISTINCT FROM
                (EXCLUDED.value, EXCLUDED.n, EXCLUDED.completeness, EXCLUDED.verdict, EXCLUDED.limit_value,
                 EXCLUDED.responsible, EXCLUDED.note, EXCLUDED.detail, EXCLUDED.method_version)
            THEN 1 ELSE 0 END,
        computed_at = now()
    WHERE (v.period_end, v.value, v.n, v.completeness, v.verdict, v.limit_value, v.responsible, v.note,
           v.detail, v.terms, v.method_version, v.provisional)
          IS DISTINCT FROM
          (EXCLUDED.period_end, EXCLUDED.value, EXCLUDED.n, EXCLUDED.completeness, EXCLUDED.verdict,
           EXCLUDED.limit_value, EXCLUDED.responsible, EXCLUDED.note, EXCLUDED.detail, EXCLUDED.terms,
           EXCLUDED.method_version, EXCLUDED.provisional)
    RETURNING 1
)
SELECT count(*) FROM written
