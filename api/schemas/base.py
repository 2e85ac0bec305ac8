"""Bases and field types that all models share."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.service_accounts import RESERVED_PATTERN, is_reserved

_CONTROL_BELOW: Final = 0x20
_DELETE: Final = 0x7F


class Body(BaseModel):
    """Base of what clients send: unknown fields, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


class Answer(BaseModel):
    """Base of what we answer."""

    model_config = ConfigDict(from_attributes=False)


def _printable(text: str) -> str:
    if any(ord(letter) < _CONTROL_BELOW or ord(letter) == _DELETE for letter in text):
        message = "expected text without control characters"
        raise ValueError(message)
    return text


def _of_a_gateway(code: str) -> str:
    if is_reserved(code):
        # The code is the user name at the broker, where this one is an ingester's.
        message = f"expected a code other than those of the ingesters, {RESERVED_PATTERN.pattern}"
        raise ValueError(message)
    return code


# Default of a field that a PATCH may leave out but that has no null: absent means "stays as it is".
ABSENT: Final[Any] = None

Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Note = Annotated[str, Field(max_length=4_000)]
AreaCode = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
SiteCode = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
GatewayCode = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$"), AfterValidator(_of_a_gateway)]
SensorCode = Annotated[str, Field(min_length=1, max_length=160), AfterValidator(_printable)]
SensorName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
UnitCode = Annotated[str, Field(min_length=1, max_length=32), AfterValidator(_printable)]
Reference = Annotated[
    str, Field(min_length=1, max_length=160), AfterValidator(_printable)
]  # a code, or an id as text
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Count = Annotated[int, Field(ge=0, le=2_147_483_647)]
IntervalSeconds = Annotated[float, Field(gt=0, le=31_622_400)]  # up to a year
AveragingSeconds = Annotated[float, Field(ge=0, le=31_622_400)]

# What the ingester knows; the tests hold the two lists together.
PayloadFormat = Literal[
    "native", "plain", "senml_json", "senml_cbor", "sparkplug_b", "ttn_v3", "chirpstack_v4", "tt10_2021"
]
