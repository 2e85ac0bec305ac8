-- An acknowledgement promises a durable commit: switch it on where the server or the role has it off.
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
