-- Milestones of a target, as a JSON object year -> value.
INSERT INTO target_milestone (target_id, year, value)
SELECT %(target_id)s::integer, key::integer, value::float8 FROM jsonb_each_text(%(milestones)s::jsonb)
