"""The service that really runs, for the commands of packs as well; and one town for all packs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import make_conninfo

from tests.api.test_command_line import machine
from tests.conftest import ROLE_PASSWORD, settings_for
from tests.evidence.town import Town
from tests.processing.engine.city import City

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import DatabaseMaker

__all__ = ["machine"]


@pytest.fixture(scope="package")
def town(new_migrated_database: DatabaseMaker) -> Iterator[Town]:
    with new_migrated_database() as dsn:
        processing = settings_for(make_conninfo(dsn, user="nhip_processing", password=ROLE_PASSWORD))
        city = City(settings_for(dsn), processing)
        yield Town(city, make_conninfo(dsn, user="nhip_api", password=ROLE_PASSWORD))
        city.close()
