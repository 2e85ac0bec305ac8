-- Indicators that a city defines itself: versions are appended, never edited.

CREATE TABLE indicator_definition (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code        text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{2,63}$'),
    version     integer NOT NULL CHECK (version > 0),
    body        jsonb CHECK (jsonb_typeof(body) = 'object'),  -- NULL: retired
    valid_from  timestamptz NOT NULL DEFAULT now(),
    created_by  text NOT NULL,
    reason      text NOT NULL CHECK (reason <> ''),
    UNIQUE (code, version)
);
COMMENT ON TABLE indicator_definition IS
    'Each version of the indicators of the city; the newest of a code is in force, without a body it is retired.';

GRANT SELECT ON indicator_definition TO nhip_processing;
GRANT SELECT, INSERT ON indicator_definition TO nhip_api;
