-- Where a sensor stands now.
SELECT id, site_id, gateway_id, valid_from FROM deployment
WHERE sensor_id = %(sensor_id)s::integer AND valid_to IS NULL
