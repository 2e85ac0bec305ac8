-- Write the values of periods that had none: half the work of upsert_values, which must look for what was published.
INSERT INTO indicator_value (indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n,
                             completeness, verdict, limit_value, responsible, note, detail, terms, method_version,
                             provisional)
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
