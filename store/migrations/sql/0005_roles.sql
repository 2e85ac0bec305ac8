-- Roles of the services, each with only what it needs. Passwords are set by the operator, never here.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['nhip_ingest', 'nhip_processing', 'nhip_api', 'nhip_grafana'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                EXECUTE format('CREATE ROLE %I', role_name);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of this server was migrated at the same moment
        END;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO nhip_ingest, nhip_processing, nhip_api;

-- ingest: reads the registry, appends telemetry, keeps the ledger.
GRANT SELECT ON quantity, area, site, gateway, sensor, calibration TO nhip_ingest;
GRANT SELECT, INSERT ON reading TO nhip_ingest;
-- PostgreSQL lets everybody execute a function; this one makes tables with its owner's rights.
REVOKE EXECUTE ON FUNCTION ensure_reading_partitions(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_reading_partitions(timestamptz, timestamptz) TO nhip_ingest;
GRANT SELECT, INSERT, UPDATE ON quarantine, accounting, gateway_seen TO nhip_ingest;
GRANT INSERT ON dirty_hour TO nhip_ingest;

-- processing: reads all measurements, writes facts and indicator values.
GRANT SELECT ON quantity, area, site, site_zone, gateway, gateway_seen, sensor, deployment, calibration, reading,
    maintenance_window, programme, target, accounting, quarantine, sensor_place, sensor_hour_cell, indicator_cell TO nhip_processing;
GRANT SELECT, INSERT, DELETE, UPDATE ON dirty_hour, hour_fact, interruption, indicator, indicator_value,
    indicator_value_revision TO nhip_processing;

-- api: keeps the registry, reads the rest, resolves quarantine.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO nhip_api;
GRANT INSERT, UPDATE ON area, site, gateway, gateway_credential, sensor, deployment, calibration, interruption,
    maintenance_window, programme, target, api_key, idempotency TO nhip_api;
GRANT INSERT, DELETE ON site_zone TO nhip_api;
GRANT DELETE ON idempotency TO nhip_api;
GRANT INSERT ON audit, dirty_hour TO nhip_api;
GRANT UPDATE ON quarantine TO nhip_api;
GRANT INSERT, UPDATE ON broker_access_applied TO nhip_api;
GRANT USAGE, SELECT ON SEQUENCE broker_access_wanted TO nhip_api, nhip_processing, nhip_ingest;

-- grafana: views only.
GRANT USAGE ON SCHEMA grafana TO nhip_grafana;
GRANT SELECT ON ALL TABLES IN SCHEMA grafana TO nhip_grafana;
DO $$ BEGIN
    ALTER ROLE nhip_grafana SET search_path = grafana;
    ALTER ROLE nhip_grafana SET statement_timeout = '60s';
    ALTER ROLE nhip_grafana SET default_transaction_read_only = on;
    ALTER ROLE nhip_grafana CONNECTION LIMIT 20;
EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE <> 'XX000' THEN RAISE; END IF;  -- "tuple concurrently updated": another migration sets the same
END $$;
