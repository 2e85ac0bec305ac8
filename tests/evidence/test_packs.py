"""What lies in a pack, what is told in words, and what `nhip verify` finds in a pack that was changed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from reportlab.pdfbase.pdfmetrics import getFont

from api.errors import NotFoundError
from api.packs.words import sentences
from api.references import Kind
from domain import evidence
from domain.evidence import BrokenPackError, seal
from processing.evidence.verifying import UnknownMethodError, verify
from processing.indicators import discover

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from api.packs.gathering import Gathered
    from tests.evidence.town import Town


def resealed(gathered: Gathered, **changes: Any) -> bytes:
    """The pack with another manifest, sealed again so that all hashes hold."""
    manifest = json.loads(gathered.files[evidence.MANIFEST]) | changes
    return seal({**gathered.files, evidence.MANIFEST: evidence.manifest_bytes(manifest)})


@pytest.fixture(scope="module")
def day(town: Town) -> Gathered:
    return town.gathered("availability", Kind.SENSOR, "day")


def test_the_same_evidence_is_the_same_file(town: Town, day: Gathered) -> None:
    assert day.pack() == town.gathered("availability", Kind.SENSOR, "day").pack()


@pytest.mark.parametrize(
    ("code", "kind", "period"),
    [("availability", Kind.SENSOR, "day"), ("vn_aqi_hour", Kind.SITE, "hour"), ("saidi", Kind.AREA, "day")],
)
def test_a_flipped_byte_is_found_and_its_file_named(town: Town, code: str, kind: Kind, period: str) -> None:
    gathered = town.gathered(code, kind, period)
    pack = gathered.pack()
    assert verify(pack).identical
    with zipfile.ZipFile(io.BytesIO(pack)) as container:
        names = container.namelist()
    assert set(names) == {*gathered.files, evidence.SUMS}
    for name in names:
        # A file lies in the container as it is, so its middle is found by its content.
        content = gathered.files.get(name) or pack[pack.index(evidence.SUMS.encode()) + len(evidence.SUMS) :]
        at = pack.index(content[:400]) + min(len(content) // 2, 300)
        changed = bytearray(pack)
        changed[at] ^= 1
        with pytest.raises(BrokenPackError) as broken:
            verify(bytes(changed))
        assert broken.value.file == name
    for at in (0, len(pack) - 1):
        changed = bytearray(pack)
        changed[at] ^= 1
        with pytest.raises(BrokenPackError):
            verify(bytes(changed))
    without = {name: content for name, content in gathered.files.items() if name != evidence.FACTS}
    with pytest.raises(BrokenPackError, match=r"facts\.parquet"):
        verify(seal(without))


def test_a_forged_value_is_found_although_all_hashes_hold(day: Gathered) -> None:
    forged = verify(resealed(day, value=day.manifest["value"] | {"value": 0.999}))
    assert [difference.name for difference in forged.differences] == ["value"]
    assert forged.differences[0].told == 0.999


def test_another_version_of_the_method_is_said(day: Gathered) -> None:
    report = verify(resealed(day, value=day.manifest["value"] | {"method_version": "0"}))
    assert report.identical
    assert not report.same_method


def test_a_pack_is_verified_by_a_process_that_knows_no_database(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "value.nhip.zip"
    file.write_bytes(town.gathered("flood_hours_1", Kind.AREA, "day").pack())
    done = subprocess.run(
        [sys.executable, "-m", "nhip", "verify", str(file), "--json"],
        env={"PATH": "", "HOME": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["result"] == "identical"
    assert told["value"] is not None


def test_what_did_not_count_is_told(town: Town) -> None:
    gathered = town.gathered("availability", Kind.SENSOR, "hour")
    assert gathered.manifest["inputs"]["excluded"] == {"flag_4": 1, "device_state_1": 1}
    english = gathered.files["explanation.en.txt"].decode()
    vietnamese = gathered.files["explanation.vi.txt"].decode()
    assert "Left out: 1 readings because of flag_4." in english
    assert "Maintenance windows that touch the period: 1." in english
    assert repr(gathered.manifest["value"]["value"]) in english
    assert "Không tính: 1 số đo vì flag_4." in vietnamese


def test_parameters_and_rule_sets_are_told(town: Town) -> None:
    flood = town.gathered("flood_hours_1", Kind.AREA, "day")
    assert "Parameter alarm_1_m = 2.0, set for the area from 2026-01-01: test." in "\n".join(
        sentences(flood.manifest, "en")
    )
    index = town.gathered("vn_aqi_hour", Kind.SITE, "hour")
    assert index.files["rule_sets/vn_aqi.toml"].startswith(b"#")
    assert index.manifest["method"]["rule_sets"][0]["sha256"] in "\n".join(sentences(index.manifest, "vi"))


def test_the_document_holds_every_letter_of_both_languages(day: Gathered) -> None:
    assert day.files[evidence.DOCUMENT].startswith(b"%PDF-")
    spoken = set("".join(sentences(day.manifest, "vi") + sentences(day.manifest, "en")))
    for recipe in discover().values():
        for text in (recipe.indicator.title, recipe.indicator.formula, recipe.indicator.completeness_rule):
            spoken |= set(text.vi + text.en)
        spoken |= set(recipe.indicator.source + recipe.indicator.unit)
    assert not {one for one in spoken if ord(one) not in getFont("OpenSans").face.charToGlyph}


def test_what_cannot_be_packed_is_refused_in_words(town: Town, day: Gathered) -> None:
    with pytest.raises(NotFoundError):
        town.gathered("no_such", Kind.SENSOR, "day")
    with pytest.raises(UnknownMethodError):
        verify(resealed(day, indicator="no_such"))
