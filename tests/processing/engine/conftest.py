"""A city per test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from store import StoreSettings
from tests.processing.engine.city import City

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def city(store_settings: StoreSettings, role_dsn: Callable[[str], str]) -> Iterator[City]:
    made = City(store_settings, StoreSettings(dsn=SecretStr(role_dsn("nhip_processing"))))
    yield made
    made.close()
