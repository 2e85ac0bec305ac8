-- A recomputation by its number, or the newest unfinished one of the same mode and selection; with its parts counted.
SELECT j.id, j.mode, j.selection, count(p.job_id), count(p.done_at), coalesce(sum(p.hours), 0)::bigint,
       coalesce(sum(p.facts), 0)::bigint, coalesce(sum(p.cells), 0)::bigint
FROM recompute_job j LEFT JOIN recompute_part p ON p.job_id = j.id
WHERE CASE WHEN %(job_id)s::int IS NULL
      THEN j.finished_at IS NULL AND j.mode = %(mode)s::text AND j.selection = %(selection)s::jsonb
      ELSE j.id = %(job_id)s::int END
GROUP BY j.id ORDER BY j.id DESC LIMIT 1
