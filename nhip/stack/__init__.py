"""The platform on one machine: PostgreSQL, a broker and the services as children that never outlive us."""
