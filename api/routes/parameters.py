"""Numbers that indicators ask for, and the values that a city sets, each from a day on."""

from collections.abc import Iterable
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.auth import Caller, Reader, TargetSetter
from api.changes import Change, record, state_of
from api.database import Session
from api.errors import Fault, InvalidRequestError, fault
from api.idempotency import once
from api.listing import linked, page_of_rows
from api.paging import Page, id_after
from api.parameters import Area, Cursor, Limit, Sensor, Site, page_size
from api.permissions import Permission, described
from api.references import Kind, find_optional, refer
from api.schemas.parameter import Parameter, ParameterValue, ParameterValueNew

router = APIRouter(prefix="/parameters", tags=["indicators"])
_LEVELS: Final = (Kind.SENSOR, Kind.SITE, Kind.AREA)

_Indicator = Annotated[str | None, Query(max_length=64, description="code of an indicator")]
_Name = Annotated[str | None, Query(max_length=64, description="name of a parameter")]


@router.get(
    "",
    summary="List parameters of indicators",
    openapi_extra=described("Danh sách tham số của chỉ số", Permission.READ),
)
async def list_parameters(caller: Reader, indicator: _Indicator = None) -> Page[Parameter]:
    """List what indicators ask for, with unit, default and limits."""
    rows = await caller.database.rows("select_parameters", {"indicator": indicator})
    return Page[Parameter](items=[Parameter.model_validate(row) for row in rows])


@router.get(
    "/values",
    summary="List values of parameters",
    openapi_extra=described("Danh sách giá trị tham số", Permission.READ),
)
async def list_values(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    indicator: _Indicator = None,
    name: _Name = None,
    sensor: Sensor = None,
    site: Site = None,
    area: Area = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[ParameterValue]:
    """List the values that are set; a filter finds those set for exactly that sensor, site or area."""
    size = page_size(limit, caller)
    filters: dict[str, object] = {"id": None, "indicator": indicator, "name": name}
    async with caller.database.transaction() as session:
        for kind, reference in zip(_LEVELS, (sensor, site, area), strict=True):
            found = await find_optional(session, kind, reference)
            filters[f"{kind}_id"] = found and found.id
        rows = await session.rows(
            "select_parameter_values", {**filters, "after": id_after(cursor), "limit": size + 1}
        )
    return linked(request, response, page_of_rows(ParameterValue, rows, size))


@router.post(
    "/values",
    status_code=201,
    summary="Set a value of a parameter",
    openapi_extra=described("Đặt giá trị tham số", Permission.SET_TARGETS),
)
async def set_value(
    request: Request, response: Response, body: ParameterValueNew, caller: TargetSetter
) -> ParameterValue:
    """Set a value from a local day on; what it touches from then on is computed again.

    The same parameter, sensor, site or area, and day replaces the value before.
    """

    async def work(session: Session) -> ParameterValue:
        return await _set_value(session, caller, body)

    return await once(request, response, caller, ParameterValue, work)


async def _set_value(session: Session, caller: Caller, body: ParameterValueNew) -> ParameterValue:
    asked = await _asked(session, body)
    scope = await _scope(session, asked, body)
    parameters = {**body.model_dump(exclude={"sensor", "site", "area"}), **scope}
    replaced = await session.row("select_parameter_value", parameters)
    before = None if replaced is None else await _load(session, replaced["id"])
    row = await session.one("upsert_parameter_value", parameters)
    after = await _load(session, row["id"])
    # Another source of the same number changes no value of the indicator.
    if before is None or before.value != after.value:
        await session.execute("mark_dirty_parameter", {**parameters, "quantities": asked.quantities})
    held_for = after.sensor or after.site or after.area or "everywhere"
    code = f"{after.indicator}/{after.name}/{held_for}/{after.valid_from.isoformat()}"
    action = "create" if before is None else "change"
    await record(session, caller, [Change(action, "parameter", code, state_of(before), state_of(after))])
    return after


async def _asked(session: Session, body: ParameterValueNew) -> Parameter:
    """Return the parameter that the body names, after a look at the value's limits.

    Raises:
        InvalidRequestError: no indicator asks for it, or the value is outside of its limits.
    """
    rows = await session.rows("select_parameters", {"indicator": None})
    declared = [Parameter.model_validate(row) for row in rows]
    of_indicator = {one.name: one for one in declared if one.indicator == body.indicator}
    if not of_indicator:
        expected = _one_of({one.indicator for one in declared}, "an indicator that asks for parameters")
        raise InvalidRequestError(fault("indicator", body.indicator, expected))
    asked = of_indicator.get(body.name)
    if asked is None:
        expected = _one_of(of_indicator, "a parameter")
        raise InvalidRequestError(fault("name", body.name, f"{expected} of {body.indicator}"))
    _refuse_outside(asked, body.value)
    return asked


def _one_of(known: Iterable[str], what: str) -> str:
    listed = ", ".join(sorted(known))
    # Empty until processing has started once on this database.
    return f"{what}: {listed}" if listed else f"{what}; none is known before `nhip process` has started"


def _refuse_outside(asked: Parameter, value: float | None) -> None:
    if value is None:
        return
    low, high = asked.minimum, asked.maximum
    if (low is None or value >= low) and (high is None or value <= high):
        return
    bounds = [f"at least {low:g}"] if low is not None else []
    bounds += [f"at most {high:g}"] if high is not None else []
    raise InvalidRequestError(fault("value", value, f"{' and '.join(bounds)} {asked.unit}".rstrip()))


async def _scope(session: Session, asked: Parameter, body: ParameterValueNew) -> dict[str, int | None]:
    """Return for whom the value is: at most one id, and all None for everywhere.

    Raises:
        InvalidRequestError: more than one is named, one is not known or retired, or the sensor measures
            something that the indicator does not read.
    """
    given = {kind: reference for kind in _LEVELS if (reference := getattr(body, kind)) is not None}
    if len(given) > 1:
        found = " and ".join(given)
        raise InvalidRequestError(Fault(list(given)[-1], found, "at most one of sensor, site and area"))
    ids: dict[str, int | None] = {f"{kind}_id": None for kind in _LEVELS}
    for kind, reference in given.items():
        ids[f"{kind}_id"] = (await refer(session, kind, reference, kind)).id
    if ids["sensor_id"] is not None:
        [sensor] = await session.rows("select_sensors", {"ids": [ids["sensor_id"]]})
        if sensor["quantity"] not in asked.quantities:
            expected = f"a sensor of {' or '.join(asked.quantities)}; this one measures {sensor['quantity']}"
            raise InvalidRequestError(fault("sensor", body.sensor, expected))
    return ids


async def _load(session: Session, value_id: int) -> ParameterValue:
    nothing = dict.fromkeys(("indicator", "name", "sensor_id", "site_id", "area_id"))
    row = await session.one("select_parameter_values", {**nothing, "after": 0, "limit": 1, "id": value_id})
    return ParameterValue.model_validate(row)
