-- How many brokers follow our credentials, and the newest version that one of them has loaded.
SELECT count(*) AS brokers, max(version) AS version FROM broker_access_applied
