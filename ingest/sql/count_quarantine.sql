-- What all gateways together have put into quarantine since the start of the day, for the cap.
SELECT count(*) FROM quarantine WHERE received_at >= %(day_start)s::timestamptz
