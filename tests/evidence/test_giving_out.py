"""Packs through the API and the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from api.permissions import Role
from domain.evidence import sha256
from nhip.cli.main import build_app
from store import StoreSettings
from tests.api.conftest import Service
from tests.processing.engine.city import START, City, every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VALUE = "/indicators/completeness/evidence?sensor=1&period=day&start=2026-03-03"


@pytest.fixture
def service(store_settings: StoreSettings, role_dsn: Callable[[str], str], dsn: str) -> Iterator[Service]:
    city = City(store_settings, StoreSettings(dsn=SecretStr(role_dsn("nhip_processing"))))
    sensor = city.sensor(city.gateway("gw"), city.site("tram", city.area("ha-noi")))
    city.read(sensor, every(START, 300)[::2])
    city.engine.drain()
    city.close()
    with Service(role_dsn("nhip_api"), dsn) as running:
        yield running


def test_a_pack_is_given_confirmed_and_verified(service: Service, tmp_path: Path) -> None:
    given = service.get(VALUE, role=Role.EVALUATOR)
    assert given.status_code == 200, given.text
    digest = sha256(given.content)
    assert given.headers["x-nhip-sha256"] == digest
    assert service.get(VALUE, role=Role.VIEWER).content == given.content
    confirmed = service.get(f"/evidence/{digest}").json()
    assert confirmed["indicator"] == "completeness"
    assert confirmed["issued_by"].startswith("test-evaluator")
    assert service.get(f"/evidence/{'0' * 64}").status_code == 404
    file = tmp_path / "value.nhip.zip"
    file.write_bytes(given.content)
    runner = CliRunner()
    done = runner.invoke(build_app(), ["verify", str(file), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["result"] == "identical"
    assert told["recomputed"] == told["value"]
    assert told["same_method"]
    assert runner.invoke(build_app(), ["verify", str(file)]).exit_code == 0


def test_what_nobody_with_a_key_was_given_is_not_confirmed(service: Service) -> None:
    digest = service.get(VALUE).headers["x-nhip-sha256"]
    assert service.get(f"/evidence/{digest}").status_code == 404


def test_the_explanation_speaks_the_readers_language(service: Service) -> None:
    path = VALUE.replace("evidence", "explanation")
    english = service.get(path, headers={"Accept-Language": "en"})
    assert english.text.startswith("Data completeness of pm25-1-1-600")
    assert english.headers["content-language"] == "en"
    assert "Giá trị: " in service.get(f"{path}&lang=vi", headers={"Accept-Language": "en"}).text
    assert service.get(f"{path}&lang=fr").status_code == 422


def test_questions_without_an_answer_are_refused(service: Service) -> None:
    assert service.get(VALUE.replace("completeness", "saidi")).status_code == 404
    assert service.get(VALUE.replace("sensor=1&", "")).status_code == 422
    assert service.get(f"{VALUE}&area=ha-noi").status_code == 422
    assert service.get(f"{VALUE}&revision=1&as_of=2026-03-04").status_code == 422
    assert service.get(f"{VALUE}&revision=7").status_code == 404
    assert service.get(VALUE.replace("03-03", "04-03")).status_code == 404
    service.sql("ALTER TABLE method DISABLE TRIGGER ALL")
    service.sql("DELETE FROM method")
    assert service.get(VALUE).status_code == 409
