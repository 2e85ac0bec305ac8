"""The service that really runs, for the commands of packs as well."""

from tests.api.test_command_line import machine

__all__ = ["machine"]
