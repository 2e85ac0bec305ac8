-- The newest state of the credentials; 0 while there was never one (the sequence then shows its start value).
SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS version FROM broker_access_wanted
