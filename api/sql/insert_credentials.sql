-- New credentials, in the form that the broker checks.
INSERT INTO gateway_credential (gateway_id, username, password_hash)
SELECT r.gateway_id, r.username, r.password_hash
FROM json_to_recordset(%(rows)s::json) AS r (gateway_id integer, username text, password_hash text)
