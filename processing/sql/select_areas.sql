-- The tree of areas with their time zones.
SELECT id, parent_id, time_zone FROM area
