-- Tell which state of the credentials a broker has loaded.
INSERT INTO broker_access_applied (broker, version, applied_at)
VALUES (%(broker)s, %(version)s, now())
ON CONFLICT (broker) DO UPDATE SET version = excluded.version, applied_at = excluded.applied_at
