-- Settings of the server on which durability and room depend; those that the role may not see are missing.
SELECT name, setting FROM pg_settings WHERE name = ANY(%(names)s::text[])
