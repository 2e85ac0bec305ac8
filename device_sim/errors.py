"""Errors of the simulated and replayed gateways; each names what was found and what was expected.

DeviceSimError
├── MappingError          a mapping file says something that cannot be meant
├── SourceError           a file cannot be replayed with its mapping
├── CityError             a city of that size cannot be built
├── RegistrationError     the platform's API refused or could not be reached
├── BrokerError           the broker's address is wrong, or the broker refuses the gateway
└── StateError            the state folder cannot be used
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class DeviceSimError(Exception):
    """Base of all errors of this package: something the user can put right."""


class MappingError(DeviceSimError):
    """A mapping file says something that cannot be meant."""

    def __init__(self, source: str, key: str, found: object, expected: str) -> None:
        self.source = source
        self.key = key
        self.found = found
        self.expected = expected
        super().__init__(f"mapping {source}: {key}: found {found!r}, expected {expected}")


class SourceError(DeviceSimError):
    """A file cannot be replayed with its mapping."""

    def __init__(self, path: Path, found: str, expected: str) -> None:
        self.path = path
        self.found = found
        self.expected = expected
        super().__init__(f"{path}: found {found}, expected {expected}")


class CityError(DeviceSimError):
    """A city of that size cannot be built."""

    def __init__(self, field: str, found: object, expected: str) -> None:
        self.field = field
        self.found = found
        self.expected = expected
        super().__init__(f"{field}: found {found!r}, expected {expected}")


class RegistrationError(DeviceSimError):
    """The platform's API refused or could not be reached."""

    def __init__(self, url: str, found: str, expected: str, *, status: int | None = None) -> None:
        self.url = url
        self.found = found
        self.expected = expected
        self.status = status
        super().__init__(f"{url}: {found}; expected {expected}")


class BrokerError(DeviceSimError):
    """The broker's address is wrong, or the broker refuses the gateway."""

    def __init__(self, broker: str, found: str, expected: str) -> None:
        self.broker = broker
        self.found = found
        self.expected = expected
        super().__init__(f"broker {broker}: {found}; expected {expected}")


class StateError(DeviceSimError):
    """The state folder cannot be used."""

    def __init__(self, path: Path, found: str, expected: str) -> None:
        self.path = path
        self.found = found
        self.expected = expected
        super().__init__(f"state {path}: {found}; expected {expected}")
