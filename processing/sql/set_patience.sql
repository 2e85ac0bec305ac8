-- This session's time-outs: bulk work behind other engines' locks waits longer than a page does.
SELECT set_config('lock_timeout', %(lock_timeout_ms)s::text, false),
       set_config('statement_timeout', %(statement_timeout_ms)s::text, false)
