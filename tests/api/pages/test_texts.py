"""The text catalogue: complete, used, the same holes in both languages."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from api.pages.texts import TEXTS
from domain.indicators import SubjectKind, Verdict
from domain.periods import Period
from domain.quality import DeviceState, Flag
from domain.quantities import QUANTITIES, QuantityKind, Service
from domain.quarantine import Reason
from domain.registry import AreaKind, SiteKind

FOLDER = Path(str(files("api.pages")))
SOURCES = {
    path.name: path.read_text()
    for pattern in ("templates/*.html", "static/js/*.js", "*.py")
    for path in FOLDER.glob(pattern)
}
ALL = "\n".join(SOURCES.values())
# Keys by name, whole families by a code (`named("flag", 1)`, `t(`band.${n}`)`).
KEYS = set(re.findall(r"""["']([a-z_]+\.[a-z0-9_]+)["']""", ALL))
FAMILIES = set(re.findall(r"\bt\(`([a-z_]+)\.\$", ALL)) | set(re.findall(r'named\("([a-z_]+)"', ALL))
FAMILIES_BY_QUANTITY = set(re.findall(r"named\(`([a-z_]+)\.\$", ALL))


@pytest.mark.parametrize("name", SOURCES)
def test_every_key_that_is_used_exists(name: str) -> None:
    asked = set(re.findall(r"""\bt\(\s*["']([a-z0-9_.]+)["']""", SOURCES[name]))
    assert asked - TEXTS.keys() == set()


def test_no_text_is_unused() -> None:
    families = FAMILIES | FAMILIES_BY_QUANTITY
    assert {key for key in TEXTS if key not in KEYS and key.split(".")[0] not in families} == set()


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_text_exists_in_both_languages_with_the_same_holes(key: str) -> None:
    text = TEXTS[key]
    assert text.vi.strip()
    assert text.en.strip()
    assert sorted(re.findall(r"\{\w+\}", text.vi)) == sorted(re.findall(r"\{\w+\}", text.en))


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("service", [service.value for service in Service]),
        ("quantity", list(QUANTITIES)),
        ("reason", [reason.value for reason in Reason]),
        ("verdict", [verdict.value for verdict in Verdict]),
        ("kind", [kind.value for kind in SubjectKind]),
        ("period", [period.value for period in Period]),
        ("flag", [str(flag.value) for flag in Flag]),
        ("device_state", [str(state.value) for state in DeviceState]),
        ("area_kind", [kind.value for kind in AreaKind]),
        ("site_kind", [kind.value for kind in SiteKind]),
        *((f"state.{code}", ["0", "1"]) for code, q in QUANTITIES.items() if q.kind is QuantityKind.STATE),
    ],
)
def test_every_code_of_the_domain_has_its_words(family: str, codes: list[str]) -> None:
    assert [code for code in codes if f"{family}.{code}" not in TEXTS] == []


def test_the_kinds_of_site_in_the_form_are_those_of_the_domain() -> None:
    listed = re.search(r"SITE_KINDS = \[(.*?)\]", SOURCES["registration_form.js"])[1]
    assert re.findall(r'"(\w+)"', listed) == [kind.value for kind in SiteKind]
