"""How many readings a second go from gateways into the database, and what bounds them; `bench/README.md`."""
