-- The database's clock is the platform's clock.
SELECT clock_timestamp()
