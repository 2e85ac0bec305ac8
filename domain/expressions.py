"""Formulas that people write, as text and as a tree. Nothing in them is ever executed as a program.

Grammar, loosest first: one comparison (`<`, `<=`, `>`, `>=`, `==`, `!=`); `+ -`; `* /`; unary minus; `**`
(from the right, tighter than the minus before it, as in mathematics); numbers, codes of indicators,
parentheses and the functions of `FUNCTIONS`.

Errors:
    FormulaError: the text is not a formula; says where, what was found and what was expected.
"""

# ruff: noqa: EM101, EM102, TRY003 # what is raised here takes parts; the message is built in its class

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LENGTH_MAX: Final = 2000
DEPTH_MAX: Final = 50
_DIGITS_MAX: Final = 12

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/()<>,])|(?P<end>$)|(?P<stray>.))",
    re.DOTALL,
)


class FormulaError(ValueError):
    """A text that is not a formula."""

    def __init__(self, position: int, found: str, expected: str) -> None:
        self.position = position
        self.found = found
        self.expected = expected
        super().__init__(f"at character {position}: found {found}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """The value of another indicator, by its code."""

    code: str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function with its operands; `negative` is the minus before one."""

    operator: str
    operands: tuple[Node, ...]


Node = Number | Name | Call


class Arity(NamedTuple):
    """How many operands a function takes; `most` None: any number."""

    least: int
    most: int | None


FUNCTIONS: Final[Mapping[str, Arity]] = {
    "min": Arity(1, None),
    "max": Arity(1, None),
    "abs": Arity(1, 1),
    "round": Arity(1, 2),
    "sqrt": Arity(1, 1),
    "ln": Arity(1, 1),
    "log10": Arity(1, 1),
    "exp": Arity(1, 1),
    "if": Arity(3, 3),
}
_COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")


class _Token(NamedTuple):
    kind: str
    text: str
    position: int

    @property
    def shown(self) -> str:
        return "the end of the formula" if self.kind == "end" else repr(self.text)

    def refused(self, expected: str) -> FormulaError:
        return FormulaError(self.position, self.shown, expected)


def parse(text: str) -> Node:
    """Return the tree of a formula.

    Raises:
        FormulaError: the text is not one.
    """
    if len(text) > LENGTH_MAX:
        raise FormulaError(LENGTH_MAX + 1, f"{len(text)} characters", f"at most {LENGTH_MAX}")
    parser = _Parser(list(_tokens(text)))
    tree = parser.comparison(0)
    parser.expect("end", "an operator or the end of the formula")
    return tree


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:  # cannot be: every character is a stray one at least
            raise FormulaError(position + 1, repr(text[position:]), "a formula")
        kind = match.lastgroup
        token = _Token(kind, match[kind], match.start(kind) + 1)
        if kind == "stray":
            raise token.refused("a number, a code, an operator or a function")
        yield token
        if kind == "end":
            return
        position = match.end()


class _Parser:
    """Recursive descent over the tokens, as deep as `DEPTH_MAX`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._index = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._index]

    def _take(self, *signs: str) -> str | None:
        if self._next.kind == "sign" and self._next.text in signs:
            self._index += 1
            return self._tokens[self._index - 1].text
        return None

    def _refuse(self, expected: str) -> FormulaError:
        return self._next.refused(expected)

    def expect(self, what: str, expected: str) -> None:
        """Pass over a sign, or the end."""
        if what == "end":
            if self._next.kind != "end":
                raise self._refuse(expected)
        elif self._take(what) is None:
            raise self._refuse(expected)

    def comparison(self, depth: int) -> Node:
        """Parse a whole expression."""
        if depth > DEPTH_MAX:
            raise self._refuse(f"at most {DEPTH_MAX} levels of parentheses and functions")
        left = self._sum(depth)
        sign = self._take(*_COMPARISONS)
        if sign is None:
            return left
        right = self._sum(depth)
        if self._next.text in _COMPARISONS:
            raise self._refuse("one comparison; parentheses keep two apart")
        return Call(sign, (left, right))

    def _sum(self, depth: int) -> Node:
        node = self._product(depth)
        while sign := self._take("+", "-"):
            node = Call(sign, (node, self._product(depth)))
        return node

    def _product(self, depth: int) -> Node:
        node = self._signed(depth)
        while sign := self._take("*", "/"):
            node = Call(sign, (node, self._signed(depth)))
        return node

    def _signed(self, depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise self._refuse(f"at most {DEPTH_MAX} signs in a row")
        if self._take("-"):
            return Call("negative", (self._signed(depth + 1),))
        if self._take("+"):
            return self._signed(depth + 1)
        base = self._atom(depth)
        if self._take("**"):
            return Call("**", (base, self._signed(depth + 1)))
        return base

    def _atom(self, depth: int) -> Node:
        token = self._next
        if token.kind == "number":
            self._index += 1
            value = float(token.text)
            if not math.isfinite(value):
                raise token.refused("a finite number")
            return Number(value)
        if token.kind == "name":
            self._index += 1
            if self._take("("):
                return self._call(token, depth)
            if token.text in FUNCTIONS:
                raise self._refuse(f"( after {token.text}")
            return Name(token.text)
        if self._take("("):
            node = self.comparison(depth + 1)
            self.expect(")", ") or an operator")
            return node
        raise self._refuse("a number, a code, a function or (")

    def _call(self, name: _Token, depth: int) -> Node:
        function = FUNCTIONS.get(name.text)
        if function is None:
            expected = "a function: " + ", ".join(FUNCTIONS)
            raise FormulaError(name.position, repr(name.text), expected)
        operands = [self.comparison(depth + 1)]
        while self._take(","):
            operands.append(self.comparison(depth + 1))
        self.expect(")", ", or ) after an operand")
        most = function.most
        if len(operands) < function.least or (most is not None and len(operands) > most):
            expected = (
                f"{function.least} of them" if most == function.least else f"{function.least} to {most}"
            )
            raise FormulaError(name.position, f"{len(operands)} operands of {name.text}", expected)
        if name.text == "round" and len(operands) > 1:
            _check_digits(name.position, operands[1])
        return Call(name.text, tuple(operands))


def _check_digits(position: int, digits: Node) -> None:
    if (
        not isinstance(digits, Number)
        or not digits.value.is_integer()
        or not 0 <= digits.value <= _DIGITS_MAX
    ):
        expected = f"a whole number of decimals from 0 to {_DIGITS_MAX} as the second operand of round"
        raise FormulaError(position, str(getattr(digits, "value", "an expression")), expected)


def names_in(node: Node) -> tuple[str, ...]:
    """Return the codes that a formula reads, each once, in the order of their first appearance."""
    if isinstance(node, Name):
        return (node.code,)
    if isinstance(node, Number):
        return ()
    return tuple(dict.fromkeys(code for operand in node.operands for code in names_in(operand)))
