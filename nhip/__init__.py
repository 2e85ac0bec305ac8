"""The command line and the one-machine stack: the only place that knows all packages and builds settings."""
