"""A mapping is checked before anything is read; every error names the key, what was found and expected."""

from __future__ import annotations

import copy
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from device_sim.errors import MappingError
from device_sim.mapping_file import SHIPPED, load_mapping, parsed_mapping, shipped_names
from device_sim.slugs import slug

if TYPE_CHECKING:
    from pathlib import Path

AIR = tomllib.loads((SHIPPED / "beijing_air.toml").read_text(encoding="utf-8"))
TRAFFIC = tomllib.loads((SHIPPED / "nab_traffic.toml").read_text(encoding="utf-8"))
ABSENT = object()


def changed(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of a mapping with one key set, or taken away."""
    copied = copy.deepcopy(document)
    *parents, last = path.split(".")
    found: Any = copied
    for parent in parents:
        found = found[int(parent)] if isinstance(found, list) else found.setdefault(parent, {})
    if value is ABSENT:
        del found[last]
    elif isinstance(found, list):
        found[int(last)] = value
    else:
        found[last] = value
    return copied


@pytest.mark.parametrize("name", ["beijing_air", "nab_traffic", "water_level"])
def test_shipped_mappings_load_by_name_and_by_path(name: str) -> None:
    """The short name, the path inside the project and the real path give the same mapping."""
    assert name in shipped_names()
    mapping = load_mapping(name)
    assert load_mapping(f"device_sim/mappings/{name}.toml") == mapping
    assert load_mapping(str(SHIPPED / f"{name}.toml")) == mapping


def test_the_air_mapping_is_what_its_set_needs() -> None:
    """Six pollutants, hourly means labelled by their start, at local time without summer time."""
    mapping = load_mapping("beijing_air")
    assert [rule.quantity for rule in mapping.columns] == ["pm25", "pm10", "so2", "no2", "co", "o3"]
    assert (mapping.time.label, mapping.time.interval_s, mapping.time.averaging_s) == ("start", 3600, 3600)
    assert mapping.time.zone == mapping.area.time_zone == "Asia/Shanghai"


def test_a_file_of_the_user_comes_before_a_shipped_one(tmp_path: Path, monkeypatch: Any) -> None:
    """Somebody's own file of the same name is read; a path elsewhere never falls back to ours."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beijing_air").write_bytes((SHIPPED / "water_level.toml").read_bytes())
    assert load_mapping("beijing_air").area.code == "tide-coast"
    with pytest.raises(MappingError, match="file: found 'No such file"):
        load_mapping("elsewhere/beijing_air.toml")


@pytest.mark.parametrize(
    ("path", "value", "key", "expected"),
    [
        ("time.interval_s", "1h", "time.interval_s", "float"),
        ("time.interval_s", 0, "time.interval_s", "seconds from"),
        ("time.interval_s", ABSENT, "time.interval_s", "this key"),
        ("time.averaging_s", -1, "time.averaging_s", "seconds from"),
        ("time.label", "middle", "time.label", "one of start, end"),
        ("time.zone", "Mars/Olympus", "time.zone", "IANA"),
        ("time.zone", "../../etc/passwd", "time.zone", "IANA"),
        ("time.zone", ABSENT, "time.zone", "the zone"),
        ("time.column", "when", "time", "either"),
        ("time.columns", ABSENT, "time", "either"),
        ("time.columns.month", ABSENT, "time.columns.month", "the name of a column"),
        ("time.columns.week", "week", "time.columns.week", "one of year"),
        ("time.ambiguous", "guess", "time.ambiguous", "one of first, second, reject"),
        ("missing.markers", ["NA", 5], "missing.markers[1]", "str"),
        ("area.code", "Bắc Kinh", "area.code", "lower-case"),
        ("area.kind", "town", "area.kind", "one of province"),
        ("area.kind", "ward", "area.parent", "the city"),
        ("area.time_zone", "UTC+8", "area.time_zone", "IANA"),
        ("area", ABSENT, "area", "this key"),
        ("site.column", ABSENT, "site", "column"),
        ("site.name", "X", "site", "either"),
        ("site.id", "{station}", "site.id", "placeholder"),
        ("site.id", "---", "site.id", "letters"),
        ("site.kind", "shed", "site.kind", "one of air_station"),
        ("site.latitude", 91.0, "site.latitude", "degrees"),
        ("gateway.id", "Replay {site}", "gateway.id", "a-z"),
        ("gateway", ABSENT, "gateway", "this key"),
        ("csv.delimiter", ";;", "csv.delimiter", "one character"),
        ("csv.encoding", "utf-99", "csv.encoding", "encoding"),
        ("csv.encoding", "hex", "csv.encoding", "encoding"),
        ("csv.decimal", ",", "csv.decimal", "not the delimiter"),
        ("columns", [], "columns", "either"),
        ("columns.0.quantity", "pm2.5", "columns[0].quantity", "one of"),
        ("columns.0.unit", "kg", "columns[0].unit", "ug/m3"),
        ("columns.0.unit", "smoots", "columns[0].unit", "ug/m3"),
        ("columns.0.column", 5, "columns[0].column", "str"),
        ("columns.0.colour", "red", "columns[0].colour", "a key that mappings have"),
        ("columns.1.sensor", "pm25", "columns[1].sensor", "a name that no other has"),
        ("columns.0.sensor", "", "columns[0].sensor", ABSENT),
        ("columns.0.sensor", "x" * 65, "columns[0].sensor", "1 to 64"),
        ("surprise", 1, "surprise", "a key that mappings have"),
    ],
)
def test_every_mistake_is_named(path: str, value: object, key: str, expected: object) -> None:
    """One key of a good mapping is spoilt: the error names it."""
    document = changed(AIR, path, value)
    if expected is ABSENT:  # an empty sensor name means the quantity's
        assert parsed_mapping(document, "m.toml").columns[0].sensor_name == "pm25"
        return
    with pytest.raises(MappingError, match=r"mapping m\.toml: ") as caught:
        parsed_mapping(document, "m.toml")
    assert caught.value.key == key
    assert str(expected) in caught.value.expected


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("files.0.pattern", "speed_(", "files[0].pattern"),
        ("files.0.pattern", "speed.csv", "site"),
        ("files.0.columns", [], "files[0].columns"),
        ("files.0.columns.0.unit", "kg", "files[0].columns[0].unit"),
        ("time.format", "%H:%M", "time.format"),
        ("time.format", "sometime", "time.format"),
        ("columns", [{"column": "v", "quantity": "occupancy", "unit": "%"}], "columns"),
    ],
)
def test_mistakes_in_rules_for_files_are_named(path: str, value: object, key: str) -> None:
    """Likewise for a mapping whose files hold different things."""
    with pytest.raises(MappingError) as caught:
        parsed_mapping(changed(TRAFFIC, path, value), "m.toml")
    assert caught.value.key == key


@pytest.mark.parametrize("content", [b"", b"= broken", b"\xff\xfe\x00", b"time = 5"])
def test_files_that_are_no_mapping(content: bytes, tmp_path: Path) -> None:
    """Whatever the bytes, the error names the file."""
    path = tmp_path / "m.toml"
    path.write_bytes(content)
    with pytest.raises(MappingError, match=r"m\.toml"):
        load_mapping(str(path))


def test_the_name_of_a_file_says_what_it_holds(tmp_path: Path) -> None:
    """Rules are chosen by the whole file name; a name that none fits has no columns."""
    mapping = load_mapping("nab_traffic")
    columns, site = mapping.columns_of(tmp_path / "speed_t4013.csv")
    assert ([rule.quantity for rule in columns], site) == (["vehicle_speed"], "t4013")
    columns, site = mapping.columns_of(tmp_path / "occupancy_6005.csv")
    assert ([rule.quantity for rule in columns], site) == (["occupancy"], "6005")
    assert mapping.columns_of(tmp_path / "old_speed_t4013.csv.bak") == ([], None)


def test_the_fingerprint_follows_the_meaning() -> None:
    """Order of keys does not matter, any changed value does."""
    again = parsed_mapping(dict(reversed(list(AIR.items()))), "m.toml")
    other = parsed_mapping(changed(AIR, "time.label", "end"), "m.toml")
    assert again.fingerprint() == load_mapping("beijing_air").fingerprint() != other.fingerprint()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dongsi", "dongsi"),
        ("Hà Đông 2", "ha-dong-2"),
        ("Trạm  Cầu/Giấy ", "tram-cau-giay"),
        ("北京", ""),
        ("x" * 80, "x" * 64),
    ],
)
def test_slugs(name: str, expected: str) -> None:
    """Names become lower-case identifiers, Vietnamese letters included."""
    assert slug(name) == expected
