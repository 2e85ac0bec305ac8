"""Servers of their own for the fault tests, and the seed of their schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import scratch_folder
from tests.faults.gateways import Fleet
from tests.faults.ledger import Ledger, check
from tests.faults.schedule import SEED_VARIABLE, seed_of
from tests.faults.stack import Ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("nhip").addoption("--fault-seed", default=None, help=f"as {SEED_VARIABLE}")


@pytest.fixture
def seed(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> int:
    """The seed of this test's schedule; printed, so that a failure can be repeated."""
    chosen = seed_of(request.config.getoption("--fault-seed", default=None))
    record_property("seed", chosen)
    print(f"{SEED_VARIABLE}={chosen}")  # noqa: T201 # pytest shows it with a failure
    return chosen


@pytest.fixture(scope="session")
def _ground() -> Iterator[Ground]:
    with scratch_folder("faults") as folder, Ground(folder) as made:
        yield made


@pytest.fixture
def ground(_ground: Ground) -> Iterator[Ground]:
    """Servers that run, whatever the test before did to them, and a broker that holds nothing."""
    _ground.postgres.start()
    with _ground.without_session():
        yield _ground
    _ground.postgres.start()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def fleet(ground: Ground, ledger: Ledger) -> Iterator[Callable[..., Fleet]]:
    """Start a fleet of registered gateways; closed in the end."""
    made: list[Fleet] = []

    def make(count: int = 4, **options: object) -> Fleet:
        one = Fleet(ground.address, ground.gateways(count), ledger, **options)
        made.append(one)
        return one.start()

    yield make
    for one in made:
        one.close()


@pytest.fixture
def kept(ground: Ground, ledger: Ledger) -> Callable[[Fleet], None]:
    """Assert that the promise was kept for a fleet."""

    def assert_kept(fleet: Fleet) -> None:
        assert check(ledger, ground.dsn, fleet.gateways).faults() == {}

    return assert_kept
