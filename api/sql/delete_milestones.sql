-- The milestones of a target that is set anew.
DELETE FROM target_milestone WHERE target_id = %(target_id)s::integer
