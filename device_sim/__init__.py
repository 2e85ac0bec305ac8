"""Simulated and replayed gateways: a seeded city with faults, and history from files, over MQTT."""
