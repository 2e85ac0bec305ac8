-- The number of the version that was written last; 0 without any.
SELECT coalesce(max(id), 0) FROM indicator_definition
