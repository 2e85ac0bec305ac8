"""MQTT in, rows out: receive, decode, validate, write in one transaction, then acknowledge."""
