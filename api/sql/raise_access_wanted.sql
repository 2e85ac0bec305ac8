-- Ask the brokers to load the credentials as they are now, after our commit; gives the version to wait for.
SELECT nextval('broker_access_wanted') AS version, pg_notify('nhip_broker_access', '')::text AS notified
