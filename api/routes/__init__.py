"""One module per noun of `/api/v1`; each offers `router`."""
