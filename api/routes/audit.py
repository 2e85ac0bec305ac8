"""The audit log: append-only, newest first."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.auth import AuditReader
from api.listing import linked, page_of_rows
from api.paging import Page, id_after
from api.parameters import Cursor, Limit, page_size
from api.permissions import Permission, described
from api.schemas.operations import AuditEntry

router = APIRouter(prefix="/audit", tags=["operations"])
_ID_MAX: Final = (1 << 62) - 1


@router.get(
    "", summary="Who changed what", openapi_extra=described("Nhật ký thay đổi", Permission.READ_AUDIT)
)
async def list_audit(
    *,
    request: Request,
    response: Response,
    caller: AuditReader,
    object_kind: Annotated[str | None, Query(max_length=64)] = None,
    object_code: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[AuditEntry]:
    """List changes with before and after, newest first."""
    size = page_size(limit, caller)
    position = {"before_id": id_after(cursor) if cursor else _ID_MAX, "limit": size + 1}
    filters = {"object_kind": object_kind, "object_code": object_code}
    rows = await caller.database.rows("select_audit", {**filters, **position})
    return linked(request, response, page_of_rows(AuditEntry, rows, size))
