"""One file, one board; `dashboards.catalogue` finds them."""
