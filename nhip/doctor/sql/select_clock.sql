-- What time the server thinks it is.
SELECT clock_timestamp() AS now
