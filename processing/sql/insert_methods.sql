-- Write how indicators are computed from now on; where that is what the newest row of a code says already, nothing.
INSERT INTO method (indicator, method_version, content)
SELECT f.indicator, f.method_version, f.content::jsonb
FROM unnest(%(indicators)s::text[], %(method_versions)s::text[], %(contents)s::text[])
     AS f (indicator, method_version, content)
LEFT JOIN LATERAL (
    SELECT content FROM method WHERE indicator = f.indicator ORDER BY id DESC LIMIT 1
) AS newest ON true
WHERE newest.content IS DISTINCT FROM f.content::jsonb
