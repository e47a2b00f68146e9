"""Jinja for templates that people edit: no way out of it, and no way to make it run long or grow large.

jinja2's own sandbox stops access to internals, not cost (its documentation says so), so on top of it only a short list
of syntax, filters and attributes is allowed, and everything that takes time pays from one budget per rendering: a
loop for each round by the size of what it repeats, a filter or a method by the size of what it works on. The budget
counts work, not seconds, so the same template fails or passes on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from types import CodeType
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from leadgen.mail.clean import escaped
from leadgen.mail.filters import MAKE_TEXT, MAX_VALUE, check_size, fit_for, own_filters, scalar
from leadgen.mail.lead_fields import Fields

MAX_SOURCE = 200_000
MAX_NODES = 3_000
MAX_OUTPUT = 500_000
MAX_STEPS = 2_000
MAX_NUMBER = 10**12
STEPS = "_steps"
OWN = "_lg"
"""Names of ours begin so; `source.parse` refuses every name of a template's author that begins with an underscore."""
_NODES_PER_STEP = 25
_SIZE_PER_STEP = 2_000

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
    nodes.Dict: "{ … } (a table of values)",
}


def pay(context: Context, steps: int) -> None:
    """Take steps from the rendering's budget.

    Raises:
        SecurityError: it is used up.
    """
    budget: list[int] = context.parent[STEPS]
    budget[0] -= steps
    if budget[0] < 0:
        raise SecurityError(f"the template takes more than {MAX_STEPS} steps")


@pass_context
def _bounded(context: Context, values: Any, price: int) -> Iterator[Any]:
    """The values of a loop, each paid for."""
    budget: list[int] = context.parent[STEPS]
    for value in values:
        budget[0] -= price
        if budget[0] < 0:
            pay(context, 0)
        yield value


def limited_range(*bounds: int) -> range:
    """`range` as templates have it."""
    numbers = range(*bounds)
    if len(numbers) > MAX_STEPS:
        raise SecurityError(f"range() may count to {MAX_STEPS} at most")
    return numbers


def _paid(name: str, work: Callable[..., Any], first: str) -> Callable[..., Any]:
    """A filter that pays for the size of its input; `first` is what jinja2 passes it besides, if anything."""

    @pass_context
    def run(context: Context, value: Any, *args: Any, **options: Any) -> Any:
        size = len(value) if type(value) is str else fit_for(name, value)
        budget = context.parent[STEPS]
        budget[0] -= 1 + size // _SIZE_PER_STEP
        if budget[0] < 0:
            pay(context, 0)
        for given in args:
            fit_for("argument", given)
        if first:
            return work(context.environment if first == "environment" else context.eval_ctx, value, *args, **options)
        return work(value, *args, **options)

    return run


def _filters(*, html: bool) -> dict[str, Callable[..., Any]]:
    return {name: _paid(name, work, _first_argument(work)) for name, work in own_filters(html=html).items()}


def _first_argument(work: Callable[..., Any]) -> str:
    passed = getattr(work, "jinja_pass_arg", None)
    return str(passed.name) if passed is not None else ""


class _MailTemplate(Template):
    """A compiled template that escapes by `escaped`; Jinja's code imports its own, by that name, into its module."""

    @classmethod
    def from_code(
        cls,
        environment: Environment,
        code: CodeType,
        globals: MutableMapping[str, Any],  # noqa: A002
        uptodate: Any = None,
    ) -> Template:
        """See `jinja2.Template.from_code`."""
        made = super().from_code(environment, code, globals, uptodate)
        made.root_render_func.__globals__["escape"] = escaped
        return made


class MailEnvironment(ImmutableSandboxedEnvironment):
    """The language templates are written in.

    Args:
        html: escape what is inserted, as the body needs; subject and plain text need it not.
    """

    template_class = _MailTemplate
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self, *, html: bool) -> None:
        super().__init__(autoescape=html, undefined=StrictUndefined)
        self.globals.clear()
        self.filters = {**_filters(html=html), "_bounded": _bounded, "_scalar": scalar}
        self.tests = {name: test for name, test in self.tests.items() if name in _TESTS.split()}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`fields.price`; of anything else what `is_safe_attribute` allows."""
        return obj.said(attribute) if type(obj) is Fields else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`fields["price"]`; of anything else see jinja2."""
        return obj.said(argument) if type(obj) is Fields else super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only what is listed; the parent's rule would allow every method of a string."""
        if isinstance(obj, str):
            return attr in _STRING_METHODS
        return isinstance(obj, LoopContext) and attr in _LOOP_ATTRIBUTES

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """A call of `range` or of a string's method; it pays for the string's size."""
        size = fit_for("method", getattr(__obj, "__self__", ""))
        pay(__context, 1 + size // _SIZE_PER_STEP)
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on small numbers, and joining of short strings."""
        if operator == "+" and isinstance(left, (str, list)) and isinstance(right, (str, list)):
            check_size(len(left) + len(right))
            pay(context, 1 + (len(left) + len(right)) // _SIZE_PER_STEP)
            return left + right  # type: ignore[operator]
        both = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if operator == "**" or not both or max(abs(left), abs(right)) > MAX_NUMBER:
            raise SecurityError(f"`{operator}` works on small numbers only")
        return super().call_binop(context, operator, left, right)

    def prepare(self, source: str) -> nodes.Template:
        """Parse a template and put what it does on the budget.

        Raises:
            TemplateSyntaxError: it is no template, too long, or uses what is not allowed; carries the line.
        """
        if len(source) > MAX_SOURCE:
            raise TemplateSyntaxError(f"the template is longer than {MAX_SOURCE} characters", 1)
        try:
            tree = self.parse(source)
        except (RecursionError, ValueError, OverflowError) as error:  # ValueError: a number of thousands of digits
            raise TemplateSyntaxError("the template is nested too deeply or holds a giant number", 1) from error
        self._check_syntax(tree)
        self._check_names(tree)
        for loop in tree.find_all(nodes.For):
            if loop.recursive:
                raise TemplateSyntaxError("`recursive` is not available in mail templates", loop.lineno)
            price = nodes.Const(1 + _count(loop) // _NODES_PER_STEP, lineno=loop.lineno)
            loop.iter = nodes.Filter(loop.iter, "_bounded", [price], [], None, None, lineno=loop.lineno)
        return tree

    def _check_syntax(self, tree: nodes.Template) -> None:
        if _count(tree) > MAX_NODES:
            raise TemplateSyntaxError("the template is too complicated", 1)
        for node in tree.find_all(tuple(_FORBIDDEN)):
            raise TemplateSyntaxError(f"`{_FORBIDDEN[type(node)]}` is not available in mail templates", node.lineno)
        assigned = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
        for output in list(tree.find_all(nodes.Output)):
            output.nodes = [_shown(part, assigned | _LISTS) for part in output.nodes]
        lists: list[Any] = [*tree.find_all(nodes.List), *tree.find_all(nodes.Tuple)]
        for values in lists:
            if getattr(values, "ctx", "load") == "load":  # a list in a list in a list could stand for gigabytes
                values.items = [_one(item) for item in values.items]

    def _check_names(self, tree: nodes.Template) -> None:
        for node in tree.find_all((nodes.Filter, nodes.Test)):
            known = self.filters if isinstance(node, nodes.Filter) else self.tests
            if node.name not in known or (node.name.startswith("_") and node.name != "_scalar"):
                kind = "filter" if isinstance(node, nodes.Filter) else "test"
                raise TemplateSyntaxError(f"there is no {kind} named {node.name!r}", node.lineno)
        for name in tree.find_all(nodes.Name):
            if name.name.startswith("_") and not name.name.startswith(OWN):
                raise TemplateSyntaxError(f"names can't begin with an underscore: {name.name!r}", name.lineno)


_LISTS = frozenset({"servicesRendered", "services_rendered", "fields", "range", "loop"})


def _shown(part: nodes.Expr, doubtful: set[str] | frozenset[str]) -> nodes.Expr:
    """What is written into the mail must be a text or a number. The variables are, but for those in doubt."""
    return part if isinstance(part, nodes.TemplateData) or _surely_scalar(part, doubtful) else _one(part)


def _surely_scalar(part: nodes.Node | None, doubtful: set[str] | frozenset[str]) -> bool:
    """Whether an expression can't be a list, so that it need not be looked at in every mail."""
    if isinstance(part, nodes.Name):
        return part.name not in doubtful
    if isinstance(part, (nodes.And, nodes.Or)):
        return _surely_scalar(part.left, doubtful) and _surely_scalar(part.right, doubtful)
    if isinstance(part, nodes.CondExpr):
        return _surely_scalar(part.expr1, doubtful) and _surely_scalar(part.expr2, doubtful)
    return isinstance(part, nodes.Const) or (isinstance(part, nodes.Filter) and part.name in MAKE_TEXT)


def _one(part: nodes.Expr) -> nodes.Expr:
    if isinstance(part, nodes.Const):
        return part
    return nodes.Filter(part, "_scalar", [], [], None, None, lineno=part.lineno)


def _count(tree: nodes.Node) -> int:
    return sum(1 for _ in tree.find_all(nodes.Node))


__all__ = ["MAX_OUTPUT", "MAX_SOURCE", "MAX_STEPS", "MAX_VALUE", "OWN", "STEPS", "MailEnvironment", "limited_range"]
