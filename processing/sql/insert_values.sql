-- Write the values of periods that had none: half the work of upsert_values, which must look for what was published.
INSERT INTO indicator_value (indicator_id, subject_kind, subject_id, period, period_start, period_end, value, n,
                             completeness, verdict, limit_value, responsible, note, detail, terms, method_version,
                             provisional)
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
