"""The style sheet, parsed once for each set of colours, and looked up by what a widget is and when it is asked.

The library parses everything afresh each time it refreshes styles, four times before the first paint; and for every
widget whose styles it works out, which may be all of them after a key, it goes through all rules there are. What a rule
becomes depends on its text and on the colours only, and which rules may concern a widget on its type, classes and id
only. So both are kept. A widget gets its rules when they are others than the last time. And its parts, of which a
table has a dozen, get their styles when they are painted.
"""

from __future__ import annotations

from typing import ClassVar

from textual.css.model import RuleSet
from textual.css.styles import RenderStyles, RulesMap
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.dom import DOMNode

_GIVEN = "_rules_it_was_given"
_Source = tuple[int, str, CSSLocation, bool, int, str]


class Parts(dict[str, RenderStyles]):
    """The styles of a widget's parts (its component classes), each worked out when it is first asked for.

    Args:
        sheet: what works them out.
        node: the widget.
    """

    def __init__(self, sheet: Sheet, node: DOMNode) -> None:
        super().__init__()
        self._sheet, self._node = sheet, node
        self._names = node._get_component_classes()

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __missing__(self, name: str) -> RenderStyles:
        if name not in self._names:
            raise KeyError(name)
        styles = self[name] = self._sheet.part(self._node, name)
        return styles

    def renew(self) -> bool:
        """Work out anew those that were asked for; gives back whether one of them changed."""
        before = [*self.items()]
        for name, _ in before:
            self[name] = self._sheet.part(self._node, name)
        return any(self[name] != styles for name, styles in before)


class Sheet(Stylesheet):
    """A style sheet that parses nothing twice and looks at no rule in vain."""

    _parsed: ClassVar[dict[_Source, list[RuleSet]]] = {}
    """What was parsed in this process, by the colours and what there was to parse; the library only reads it."""
    _colours: ClassVar[dict[tuple[tuple[str, str], ...], int]] = {}
    """A number for each set of colours there has been: the themes that were looked at."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._candidates: dict[frozenset[str], list[RuleSet]] = {}
        self._candidates_of: dict[str, list[RuleSet]] | None = None
        self._present: list[RuleSet] | None = None

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take other colours; the same ones change nothing, while others make it forget what it parsed."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is new, or everything if the colours changed.

        Raises:
            StylesheetParseError: a rule is wrong.
        """
        self.parse()

    def _parse_rules(
        self, css: str, read_from: CSSLocation, is_default_rules: bool = False, tie_breaker: int = 0, scope: str = ""
    ) -> list[RuleSet]:
        colours = self._colours.setdefault(tuple(self._variables.items()), len(self._colours))
        source = (colours, css, read_from, is_default_rules, tie_breaker, scope)
        if source not in self._parsed:
            self._parsed[source] = super()._parse_rules(css, read_from, is_default_rules, tie_breaker, scope)
        return self._parsed[source]

    @property
    def rules(self) -> list[RuleSet]:
        """All rules; while a widget's styles are worked out, those which may concern it."""
        return super().rules if self._present is None else self._present

    def apply(self, node: DOMNode, *, animate: bool = False, cache: dict[tuple, RulesMap] | None = None) -> None:  # type: ignore[type-arg]
        """Work out a widget's styles, as the library does, from the rules which may concern it."""
        before = self._present
        self._present = None
        self._present = self._concerning(node)
        try:
            super().apply(node, animate=animate, cache=cache)
        finally:
            self._present = before

    @classmethod
    def replace_rules(cls, node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
        """Give a widget its rules, if they are not those it got the last time; most are, after a key."""
        if node.__dict__.get(_GIVEN) == rules:
            node.notify_style_update()  # it may look otherwise because what is around it does
        else:
            super().replace_rules(node, rules, animate)
            node.__dict__[_GIVEN] = rules

    def part(self, node: DOMNode, name: str) -> RenderStyles:
        """The styles of a part of a widget.

        Args:
            node: the widget.
            name: the part's component class.
        """
        part = DOMNode(classes=name)
        part._attach(node)
        self.apply(part)
        return part.styles

    def _process_component_classes(self, node: DOMNode) -> None:
        parts = node._component_styles
        if isinstance(parts, Parts):
            if parts.renew():
                node.refresh()
        elif node._get_component_classes():
            node._component_styles = Parts(self, node)

    def _concerning(self, node: DOMNode) -> list[RuleSet]:
        rules_map = self.rules_map
        if self._candidates_of is not rules_map:
            self._candidates, self._candidates_of = {}, rules_map
        names = frozenset(rules_map.keys() & node._selector_names)
        found = self._candidates.get(names)
        if found is None:
            wanted = {id(rule) for name in names for rule in rules_map[name]}
            found = self._candidates[names] = [rule for rule in self.rules if id(rule) in wanted]
        return found
