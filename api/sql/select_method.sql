-- How an indicator was computed at an instant, by a version of its method; the first record of the version when it is later.
SELECT content, recorded_at FROM method
WHERE indicator = %(code)s::text AND method_version = %(method_version)s::text
ORDER BY recorded_at > %(at)s::timestamptz, CASE WHEN recorded_at <= %(at)s::timestamptz THEN -id ELSE id END LIMIT 1
