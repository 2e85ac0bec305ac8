"""Observed properties and the units in which sensors may send them."""

from fastapi import APIRouter

from api.auth import Reader
from api.paging import Page
from api.permissions import Permission, described
from api.schemas.registry import QuantityAnswer
from domain.quantities import QUANTITIES, SERVICE_TITLES, Quantity
from domain.units import units_like

router = APIRouter(prefix="/quantities", tags=["quantities"])


@router.get("", summary="List quantities", openapi_extra=described("Danh sách đại lượng", Permission.READ))
async def list_quantities(caller: Reader) -> Page[QuantityAnswer]:  # noqa: ARG001 # the check is the use
    """List all quantities with their accepted units."""
    return Page[QuantityAnswer](items=[_answer(quantity) for quantity in QUANTITIES.values()])


def _answer(quantity: Quantity) -> QuantityAnswer:
    title = SERVICE_TITLES[quantity.service]
    return QuantityAnswer(
        code=quantity.code,
        title_vi=quantity.title.vi,
        title_en=quantity.title.en,
        service=quantity.service,
        service_vi=title.vi,
        service_en=title.en,
        unit=quantity.unit,
        units=units_like(quantity.unit),
        kind=quantity.kind,
        range_min=quantity.range_min,
        range_max=quantity.range_max,
    )
