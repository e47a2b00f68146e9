"""Jinja for templates that people edit: no way out of it, and no way to make it run long or grow large.

jinja2's own sandbox stops access to internals, not cost (its documentation says so), so on top of it only a short list
of syntax, filters and attributes is allowed, arithmetic is bounded, and every loop pays from one budget per rendering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_SOURCE = 200_000
MAX_OUTPUT = 500_000
MAX_STEPS = 2_000
MAX_VALUE = 50_000
MAX_NUMBER = 10**12
STEPS = "_steps"

_FILTERS = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "e",
    "escape",
    "first",
    "int",
    "last",
    "length",
    "list",
    "lower",
    "round",
    "sort",
    "string",
    "striptags",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "wordcount",
]
_TESTS = "boolean defined even in integer mapping none number odd sequence string undefined eq equalto ge gt le lt ne"
_STRING_METHODS = frozenset(
    ["capitalize", "endswith", "lower", "lstrip", "rstrip", "split", "startswith", "strip", "title", "upper"]
)
_LOOP_ATTRIBUTES = frozenset(["first", "index", "index0", "last", "length", "revindex", "revindex0"])
_FORBIDDEN: dict[type[nodes.Node], str] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.AssignBlock: "set … endset",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.With: "with",
    nodes.EvalContextModifier: "autoescape",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.Concat: "~ (write {{ a }}{{ b }})",
}


@pass_context
def _bounded(context: Context, values: Any) -> Iterator[Any]:
    """The values of a loop, each paid for."""
    budget: list[int] = context[STEPS]
    for value in values:
        budget[0] -= 1
        if budget[0] < 0:
            raise SecurityError(f"the template loops more than {MAX_STEPS} times")
        yield value


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_STEPS:
        raise SecurityError(f"range() may count to {MAX_STEPS} at most")
    return numbers


def _join(values: Iterable[Any], separator: str = "") -> str:
    parts = [str(value) for value in values]
    _check_size(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def _replace(text: Any, old: str, new: str) -> str:
    text, old, new = str(text), str(old), str(new)
    _check_size(len(text) + (text.count(old) if old else len(text) + 1) * len(new))
    replaced: str = text.replace(old, new)
    return replaced


def _check_size(size: int) -> None:
    if size > MAX_VALUE:
        raise SecurityError(f"a value of the template grows beyond {MAX_VALUE} characters")


class MailEnvironment(ImmutableSandboxedEnvironment):
    """The language templates are written in.

    Args:
        html: escape what is inserted, as the body needs; the subject is plain text.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, *, html: bool) -> None:
        super().__init__(autoescape=html, undefined=StrictUndefined)
        self.globals.clear()
        self.globals["range"] = _range
        self.filters = {name: FILTERS[name] for name in _FILTERS}
        self.filters.update(join=_join, replace=_replace, _bounded=_bounded)
        self.tests = {name: test for name, test in self.tests.items() if name in _TESTS.split()}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only what is listed; the parent's rule would allow every method of a string."""
        if isinstance(obj, str):
            return attr in _STRING_METHODS
        return isinstance(obj, LoopContext) and attr in _LOOP_ATTRIBUTES

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on small numbers, and joining of short strings."""
        if operator == "+" and isinstance(left, (str, list)) and isinstance(right, (str, list)):
            _check_size(len(left) + len(right))
            return left + right  # type: ignore[operator]
        both = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if operator == "**" or not both or max(abs(left), abs(right)) > MAX_NUMBER:
            raise SecurityError(f"`{operator}` works on small numbers only")
        return super().call_binop(context, operator, left, right)

    def prepare(self, source: str) -> nodes.Template:
        """Parse a template and put its loops on the budget.

        Raises:
            TemplateSyntaxError: it is no template, too long, or uses what is not allowed; carries the line.
        """
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError(f"the template is longer than {MAX_SOURCE} characters", 1)
        try:
            tree = self.parse(source)
        except RecursionError as error:
            raise TemplateSyntaxError("the template is nested too deeply", 1) from error
        for node in tree.find_all(tuple(_FORBIDDEN)):
            raise TemplateSyntaxError(f"`{_FORBIDDEN[type(node)]}` is not available in mail templates", node.lineno)
        self._check_names(tree)
        for loop in tree.find_all(nodes.For):
            if loop.recursive:
                raise TemplateSyntaxError("`recursive` is not available in mail templates", loop.lineno)
            loop.iter = nodes.Filter(loop.iter, "_bounded", [], [], None, None, lineno=loop.lineno)
        return tree

    def _check_names(self, tree: nodes.Template) -> None:
        for node in tree.find_all((nodes.Filter, nodes.Test)):
            known = self.filters if isinstance(node, nodes.Filter) else self.tests
            if node.name not in known or node.name.startswith("_"):
                kind = "filter" if isinstance(node, nodes.Filter) else "test"
                raise TemplateSyntaxError(f"there is no {kind} named {node.name!r}", node.lineno)
        for name in tree.find_all(nodes.Name):
            if name.name.startswith("_"):
                raise TemplateSyntaxError(f"names can't begin with an underscore: {name.name!r}", name.lineno)
