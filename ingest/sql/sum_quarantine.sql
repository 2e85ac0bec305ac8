-- What gateways have put into quarantine since the start of the day, for the caps.
SELECT gateway, count(*), coalesce(sum(octet_length(payload)), 0)::bigint
FROM quarantine
WHERE received_at >= %(day_start)s::timestamptz AND gateway = ANY(%(gateways)s::text[])
GROUP BY gateway
