"""Whole columns between numpy and PostgreSQL: binary arrays in parameters and results, no object per row.

A statement takes its rows as `unnest(%(a)s::int4[], …)` and gives them back as `array_agg(…)`; elements are
fixed-width on the wire, so numpy packs and unpacks them at memory speed, while rows as Python objects cost
about a microsecond each and several with datetimes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format

from processing.columns import NO_INSTANT

if TYPE_CHECKING:
    import psycopg
    from numpy.typing import NDArray
    from psycopg.abc import Buffer
    from psycopg.rows import TupleRow

# PostgreSQL counts microseconds from 2000-01-01 UTC.
_POSTGRES_EPOCH_US: Final = 946_684_800_000_000
_INFINITE_PAST: Final = np.iinfo(np.int64).min
_INFINITE_FUTURE: Final = np.iinfo(np.int64).max
_HEADER: Final = struct.Struct("!iiIii")  # dimensions, has NULLs, element type, length, lower bound
_EMPTY: Final = struct.Struct("!iiI")


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A parameter of type array; its subclass says which."""

    values: NDArray[Any]


class Int2s(Column):
    """`int2[]`."""


class Int4s(Column):
    """`int4[]`."""


class Int8s(Column):
    """`int8[]`."""


class Float8s(Column):
    """`float8[]`; NaN stays NaN, so statements say `nullif(x, 'NaN')` where they mean NULL."""


class Instants(Column):
    """`timestamptz[]` from microseconds since 1970; `NO_INSTANT` becomes `-infinity`."""


class Booleans(Column):
    """`bool[]`."""


class ArrayNullError(TypeError):
    """A statement returned an array with NULLs, which numpy's columns cannot hold."""

    def __init__(self) -> None:
        super().__init__("array with NULL elements; the statement must coalesce them")


class _ColumnDumper(Dumper):
    """Packs a column as PostgreSQL's binary array."""

    format = Format.BINARY
    element_oid: ClassVar[int]
    element: ClassVar[np.dtype[Any]]

    def dump(self, obj: Column) -> bytes:
        values = self.encoded(obj.values)
        count = len(values)
        if not count:
            return _EMPTY.pack(0, 0, self.element_oid)
        packed = np.empty(count, dtype=[("size", ">i4"), ("value", self.element)])
        packed["size"] = self.element.itemsize
        packed["value"] = values
        return _HEADER.pack(1, 0, self.element_oid, count, 1) + packed.tobytes()

    def encoded(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the elements as PostgreSQL means them."""
        return values


class _InstantsDumper(_ColumnDumper):
    def encoded(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.where(values == NO_INSTANT, _INFINITE_PAST, values - _POSTGRES_EPOCH_US)


class _ColumnLoader(Loader):
    """Unpacks PostgreSQL's binary array into a numpy array."""

    format = Format.BINARY
    element: ClassVar[np.dtype[Any]]
    native: ClassVar[np.dtype[Any]]

    def load(self, data: Buffer) -> NDArray[Any]:
        dimensions, has_null, _ = _EMPTY.unpack_from(data, 0)
        if has_null:
            raise ArrayNullError
        if not dimensions:
            return np.empty(0, self.native)
        packed = np.frombuffer(data, dtype=[("size", ">i4"), ("value", self.element)], offset=_HEADER.size)
        return self.decoded(packed["value"].astype(self.native))

    def decoded(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the elements as the engine means them."""
        return values


class _InstantsLoader(_ColumnLoader):
    def decoded(self, values: NDArray[Any]) -> NDArray[Any]:
        finite = (values != _INFINITE_PAST) & (values != _INFINITE_FUTURE)
        # `infinity` keeps the largest integer: it compares as it should.
        return np.where(
            finite, values + _POSTGRES_EPOCH_US, np.where(values == _INFINITE_PAST, NO_INSTANT, values)
        )


# Parameter class, array type, element type, width on the wire, width in numpy.
_KINDS: Final = (
    (Int2s, 1005, 21, ">i2", "i8"),
    (Int4s, 1007, 23, ">i4", "i8"),
    (Int8s, 1016, 20, ">i8", "i8"),
    (Float8s, 1022, 701, ">f8", "f8"),
    (Instants, 1185, 1184, ">i8", "i8"),
    (Booleans, 1000, 16, "?", "?"),
)


def adapt(connection: psycopg.Connection[TupleRow]) -> None:
    """Teach `connection` to send columns, and to return arrays of numbers as numpy arrays (if binary)."""
    for kind, oid, element_oid, wire, native in _KINDS:
        instants = kind is Instants
        described = {"element": np.dtype(wire), "native": np.dtype(native)}
        dumper = type(
            f"{kind.__name__}Dumper",
            (_InstantsDumper if instants else _ColumnDumper,),
            {"oid": oid, "element_oid": element_oid, **described},
        )
        loader = type(f"{kind.__name__}Loader", (_InstantsLoader if instants else _ColumnLoader,), described)
        connection.adapters.register_dumper(kind, dumper)  # pyright: ignore[reportArgumentType] # made above
        connection.adapters.register_loader(oid, loader)  # pyright: ignore[reportArgumentType] # made above
