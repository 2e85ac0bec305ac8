"""`nhip evidence` against a service that really runs, and `nhip verify` without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from store import StoreSettings
from tests.processing.engine.city import START, City, every

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.api.test_command_line import Machine


def test_a_pack_travels_from_the_service_to_a_machine_without_one(
    machine: Machine, store_settings: StoreSettings, role_dsn: Callable[[str], str], tmp_path: Path
) -> None:
    city = City(store_settings, StoreSettings(dsn=SecretStr(role_dsn("nhip_processing"))))
    city.read(city.sensor(city.gateway("gw"), city.site("tram", city.area("ha-noi"))), every(START, 300)[::3])
    city.engine.drain()
    city.close()
    file = tmp_path / "value.nhip.zip"
    asked = ("evidence", "completeness", "--area", "ha-noi", "--period", "month", "-o", str(file))
    refused = machine.nhip(*asked, "--start", "2025-03-01")
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert not file.exists()
    told = machine.json(*asked, "--start", "2026-03-01")
    assert told["bytes"] == file.stat().st_size
    machine.process.kill()
    machine.process.wait()
    assert machine.json("verify", str(file))["result"] == "identical"
    content = bytearray(file.read_bytes())
    content[content.index(b"Completeness")] ^= 1
    file.write_bytes(content)
    changed = machine.nhip("verify", str(file))
    assert changed.returncode == 2
    assert "explanation.en.txt" in changed.stderr
    assert machine.nhip("verify", str(tmp_path / "absent")).returncode == 2
