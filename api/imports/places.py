"""Areas, sites and gateways that the rows of an import name: found, made, or the rows refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from api.changes import Change
from api.errors import fault
from api.imports.batch import Batch, ImportRow, Options, encoded
from api.permissions import Permission
from domain.periods import DEFAULT_TIME_ZONE
from domain.quantities import QUANTITIES, Service
from domain.registry import AreaKind, SiteKind

if TYPE_CHECKING:
    from api.auth import Caller
    from api.database import Row, Session
    from api.errors import Fault

_SITE_KINDS: Final = {
    Service.AIR: SiteKind.AIR_STATION,
    Service.WATER: SiteKind.WATER_STATION,
    Service.ELECTRICITY: SiteKind.FEEDER,
    Service.LIGHTING: SiteKind.LIGHT,
    Service.TRAFFIC: SiteKind.ROAD,
    Service.WASTE: SiteKind.BIN,
    Service.FLOOD_NOISE: SiteKind.GAUGE,
}
_NOISE: Final = "sound_level"
_SITE_FIELDS: Final = ("name", "kind", "area", "latitude", "longitude", "customers")


@dataclass(slots=True)
class Places:
    """What the rows name, by code.

    Attributes:
        areas: ids.
        sites: rows as stored.
        gateways: rows as stored.
        created_gateways: codes of those made now.
        changes: for the audit log.
    """

    areas: dict[str, int] = field(default_factory=dict)
    sites: dict[str, Row] = field(default_factory=dict)
    gateways: dict[str, Row] = field(default_factory=dict)
    created_gateways: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


async def find_places(session: Session, batch: Batch, options: Options, caller: Caller) -> Places:
    """Return what exists of what the rows name; refuse rows whose places neither exist nor may be made."""
    area_codes = {row.area for row in batch.rows if row.area} | {
        row.area_parent for row in batch.rows if row.area_parent
    }
    areas = await session.rows("select_import_areas", {"codes": list(area_codes)})
    sites = await session.rows("select_import_sites", {"codes": list({row.site for row in batch.rows})})
    gateways = await session.rows(
        "select_import_gateways", {"codes": list({row.gateway for row in batch.rows})}
    )
    places = Places(
        {row["code"]: row["id"] for row in areas},
        {row["code"]: row for row in sites},
        {row["code"]: row for row in gateways},
    )
    retired = {
        (kind, row["code"])
        for kind, rows in (("area", areas), ("site", sites), ("gateway", gateways))
        for row in rows
        if row["retired_at"] is not None
    }
    batch.reject(lambda row: _retired(row, retired))
    batch.reject(lambda row: _missing(row, places, options, caller))
    _refuse_contradictions(batch, places)
    return places


def _retired(row: ImportRow, retired: set[tuple[str, str]]) -> Fault | None:
    for kind, code in (("gateway", row.gateway), ("site", row.site), ("area", row.area)):
        if (kind, code) in retired:
            return fault(kind, code, f"a {kind} in use; this one is retired")
    return None


def _missing(row: ImportRow, places: Places, options: Options, caller: Caller) -> Fault | None:
    known = (("gateway", row.gateway, places.gateways), ("site", row.site, places.sites))
    if not options.create:
        for kind, code, existing in known:
            if code not in existing:
                return fault(kind, code, f"a registered {kind}; with create, it is made")
    if row.area is None:
        return None if row.site in places.sites else fault("area", "nothing", "an area for the new site")
    if row.area in places.areas:
        return None
    if not options.create:
        return fault("area", row.area, "a registered area; with create, it is made")
    if not caller.may(Permission.MANAGE_AREAS):
        return fault("area", row.area, f"a registered area; role {caller.role} may not make areas")
    return None


def _refuse_contradictions(batch: Batch, places: Places) -> None:
    """Refuse rows that put one site into two areas, and areas below an area that there is not."""
    first = batch.first_by(lambda row: row.site if row.area else None)

    def other_area(row: ImportRow) -> Fault | None:
        said = first.get(row.site)
        if row.area is None or said is None or said.area == row.area:
            return None
        return fault("area", row.area, f"{said.area}, where row {said.row} of those sent has site {row.site}")

    batch.reject(other_area)
    described = batch.first_by(lambda row: row.area)
    rooted = _rooted(described, places)
    batch.reject(
        lambda row: (
            None
            if row.area is None or row.area in rooted
            else fault(
                "area_parent", described[row.area].area_parent, "a registered area, or an area of the file"
            )
        )
    )


def _rooted(described: dict[str, ImportRow], places: Places) -> set[str]:
    """Return the areas that exist, and those that can be made below them or without a parent."""
    rooted = set(places.areas)
    waiting = [code for code in described if code not in rooted]
    while waiting:
        ready = [code for code in waiting if described[code].area_parent in (None, *rooted)]
        if not ready:
            break
        rooted.update(ready)
        waiting = [code for code in waiting if code not in rooted]
    return rooted


async def make_places(session: Session, batch: Batch, options: Options, places: Places) -> None:
    """Make the areas, sites and gateways that are missing, and bring the sites up to date."""
    await _make_areas(session, batch, places)
    await _make_sites(session, batch, places)
    await _make_gateways(session, batch, options, places)


async def _make_areas(session: Session, batch: Batch, places: Places) -> None:
    described = batch.first_by(lambda row: row.area)
    waiting = {code: row for code, row in described.items() if code not in places.areas}
    while waiting:
        # One generation after the other: a parent has to be there before what is below it.
        ready = [
            row for row in waiting.values() if row.area_parent is None or row.area_parent in places.areas
        ]
        made = [_area(row) for row in ready]
        for row in await session.rows("insert_import_areas", {"rows": encoded(made)}):
            places.areas[row["code"]] = row["id"]
        places.changes += [Change("create", "area", area["code"], None, area) for area in made]
        waiting = {code: row for code, row in waiting.items() if code not in places.areas}


def _area(row: ImportRow) -> dict[str, Any]:
    default = AreaKind.CITY if row.area_parent is None else AreaKind.WARD
    return {
        "code": row.area,
        "name": row.area_name or row.area,
        "kind": row.area_kind or default,
        "parent": row.area_parent,
        "time_zone": row.time_zone or DEFAULT_TIME_ZONE,
    }


async def _make_sites(session: Session, batch: Batch, places: Places) -> None:
    described = _described_sites(batch)
    new = [_new_site(code, said) for code, said in described.items() if code not in places.sites]
    for row in await session.rows("insert_import_sites", {"rows": encoded(new)}):
        places.sites[row["code"]] = {"id": row["id"]}
    for site in new:
        places.sites[site["code"]] |= site
    places.changes += [Change("create", "site", site["code"], None, site) for site in new]
    made = {site["code"] for site in new}
    updates = [
        _updated_site(places.sites[code], said)
        for code, said in described.items()
        if code not in made and _differs(places.sites[code], said)
    ]
    if updates:
        await session.execute("update_import_sites", {"rows": encoded(updates)})
        await session.execute("mark_dirty_sites", {"site_ids": [site["id"] for site in updates]})
    for site in updates:
        before = {name: places.sites[site["code"]][name] for name in _SITE_FIELDS}
        after = {name: site[name] for name in _SITE_FIELDS}
        places.changes.append(Change("change", "site", site["code"], before, after))
        places.sites[site["code"]] = site


def _described_sites(batch: Batch) -> dict[str, dict[str, Any]]:
    """Return what the rows say of each site; the first row that says something of a field is heard."""
    said: dict[str, dict[str, Any]] = {}
    for row in batch.rows:
        site = said.setdefault(row.site, dict.fromkeys((*_SITE_FIELDS, "default_kind")))
        facts = {
            "name": row.site_name,
            "kind": row.site_kind,
            "area": row.area,
            "latitude": row.latitude,
            "longitude": row.longitude,
            "customers": row.customers,
            "default_kind": _kind_for(row.quantity),
        }
        for name, value in facts.items():
            if site[name] is None:
                site[name] = value
    return said


def _kind_for(quantity: str) -> SiteKind:
    return SiteKind.NOISE_STATION if quantity == _NOISE else _SITE_KINDS[QUANTITIES[quantity].service]


def _new_site(code: str, said: dict[str, Any]) -> dict[str, Any]:
    facts = {name: said[name] for name in _SITE_FIELDS}
    return {**facts, "code": code, "name": said["name"] or code, "kind": said["kind"] or said["default_kind"]}


def _merged(site: Row, said: dict[str, Any]) -> dict[str, Any]:
    """Return a site with what the rows say of it; a place that it has stays (sensors have their own)."""
    merged = {name: site[name] if said[name] is None else said[name] for name in _SITE_FIELDS}
    if site["latitude"] is not None:
        merged |= {"latitude": site["latitude"], "longitude": site["longitude"]}
    return merged


def _differs(site: Row, said: dict[str, Any]) -> bool:
    return any(site[name] != value for name, value in _merged(site, said).items())


def _updated_site(site: Row, said: dict[str, Any]) -> dict[str, Any]:
    return {"id": site["id"], "code": site["code"], **_merged(site, said)}


async def _make_gateways(session: Session, batch: Batch, options: Options, places: Places) -> None:
    codes = [code for code in batch.first_by(lambda row: row.gateway) if code not in places.gateways]
    new = [{"code": code, "name": code, "archive": options.archive} for code in codes]
    for row in await session.rows("insert_import_gateways", {"rows": encoded(new)}):
        places.gateways[row["code"]] = {"id": row["id"], "code": row["code"]}
    places.created_gateways = codes
    places.changes += [Change("create", "gateway", str(gateway["code"]), None, gateway) for gateway in new]
