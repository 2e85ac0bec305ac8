-- All gateways with what decides about their messages.
SELECT code, payload_format, archive, accept_past_s, accept_future_s, retired_at IS NOT NULL FROM gateway
