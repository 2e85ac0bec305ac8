"""The command line: one file per group of commands, found by `nhip.cli.main`."""
