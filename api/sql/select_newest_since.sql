-- From when on to look for the newest, and the newest thousand, readings of these sensors: no older partition is opened.
SELECT coalesce(min(n.since), '-infinity')::text AS newest,
       coalesce(min(n.since - make_interval(secs => least(greatest(2000 * n.interval_s, 604800), 315360000))), '-infinity')::text
           AS newest_thousand
FROM (
    SELECT s.interval_s, coalesce(f.hour, CASE WHEN g.archive THEN '-infinity'
                                               ELSE now() - make_interval(secs => g.accept_past_s) END) AS since
    FROM sensor s JOIN gateway g ON g.id = s.gateway_id
         LEFT JOIN LATERAL (
             SELECT hour FROM hour_fact WHERE sensor_id = s.id AND n > 0 ORDER BY hour DESC LIMIT 1
         ) f ON true
    WHERE s.id = ANY (%(ids)s::integer[])
) n
