"""The style sheet, parsed once for each set of colours.

The library parses everything afresh each time it refreshes styles, four times before the first paint. What a rule
becomes depends on its text and on the colours only, so what was parsed is kept until the colours change.
"""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class Sheet(Stylesheet):
    """A style sheet that parses nothing twice."""

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
