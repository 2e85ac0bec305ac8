"""`/docs`: the endpoints with their parameters, made from OpenAPI.

A page of our own, because the usual ones load their scripts from another server.
"""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.pages import assets
from api.pages.language import chosen_language
from api.permissions import GRANTS, Role
from domain.text import Text

router = APIRouter(include_in_schema=False)
_templates: Final = Environment(
    loader=PackageLoader("api", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEXTS: Final = {
    "title": Text("Tài liệu API", "API reference"),
    "intro": Text(
        "Mọi trang của Nhịp dùng chính các địa chỉ dưới đây. Thời điểm theo RFC 3339; from và to là khoảng "
        "nửa mở, ngày là nửa đêm theo giờ của khu vực. Lỗi trả về dạng problem+json.",
        "All pages of Nhịp use the addresses below. Times are RFC 3339; from and to are half-open, a date is "
        "local midnight of the area. Errors are problem+json.",
    ),
    "machine": Text("Bản cho máy (OpenAPI)", "For machines (OpenAPI)"),
    "key": Text("Khoá: Authorization: Bearer KHOÁ", "Key: Authorization: Bearer KEY"),
    "roles": Text("Vai trò", "Roles"),
    "open": Text("mở cho mọi người", "open to everybody"),
    "parameters": Text("Tham số", "Parameters"),
    "body": Text("Nội dung gửi lên", "Body"),
    "answer": Text("Trả về", "Answer"),
    "required": Text("bắt buộc", "required"),
    "example": Text("Ví dụ", "Example"),
    "start": Text("Trang đầu", "Start page"),
}


@router.get("/docs", response_class=HTMLResponse)
async def read_reference(request: Request) -> HTMLResponse:
    """Show the reference in the language of the reader."""
    language = chosen_language(request)
    schema: dict[str, Any] = request.app.openapi()
    body = _templates.get_template("reference.html").render(
        lang=language,
        other_language="en" if language == "vi" else "vi",
        t={name: text.in_language(language) for name, text in _TEXTS.items()},
        groups=_groups(schema, language),
        css=assets.address("css/nhip.css"),
        roles={
            role.value: [permission.value for permission in GRANTS if role in GRANTS[permission]]
            for role in Role
        },
    )
    return HTMLResponse(body)


def _groups(schema: dict[str, Any], language: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            shown = _operation(schema, path, method.upper(), operation, language)
            groups.setdefault(operation.get("tags", ["other"])[0], []).append(shown)
    return groups


def _operation(
    schema: dict[str, Any], path: str, method: str, operation: dict[str, Any], language: str
) -> dict[str, Any]:
    summary = operation["summary"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    answer = answers[0].get("content", {}).get("application/json", {}).get("schema", {}) if answers else {}
    option = "" if method == "GET" else f"-X {method} "
    return {
        "method": method,
        "path": path,
        "summary": operation.get("x-summary-vi", summary) if language == "vi" else summary,
        "description": operation.get("description", ""),
        "roles": operation.get("x-roles", []),
        "permission": operation.get("x-permission"),
        "parameters": [_parameter(each) for each in operation.get("parameters", [])],
        "body": _fields(schema, body),
        "answer": _fields(schema, answer),
        "example": f"curl -H 'Authorization: Bearer KEY' {option}$NHIP_API_URL{path}",
    }


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter.get("required", False),
        "type": _type(parameter.get("schema", {})),
        "description": parameter.get("description", ""),
    }


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return schema["components"]["schemas"][reference.rpartition("/")[2]] if reference else node


def _fields(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    model = _resolved(schema, node)
    required = set(model.get("required", ()))
    return [
        {
            "name": name,
            "type": _type(field),
            "required": name in required,
            "description": field.get("description", ""),
        }
        for name, field in model.get("properties", {}).items()
    ]


def _type(node: dict[str, Any]) -> str:
    if "anyOf" in node:
        return " | ".join(_type(each) for each in node["anyOf"])
    if "$ref" in node:
        return str(node["$ref"].rpartition("/")[2])
    if "enum" in node:
        return " | ".join(str(each) for each in node["enum"])
    if node.get("type") == "array":
        return f"[{_type(node.get('items', {}))}]"
    return str(node.get("format") or node.get("type") or "any")
