"""What can go wrong with a migration, in words for the person who runs it."""

from __future__ import annotations

from leadgen.model.errors import Conflict, InvalidInput, LeadgenError


class SourceProblem(LeadgenError):
    """A database can't be read. Nothing was written anywhere."""

    status = 400
    code = "source-unreadable"
    title = "The database can't be read"


class MappingProblem(InvalidInput):
    """It is not certain which column is which. Nothing was written anywhere."""

    code = "mapping"
    title = "The columns can't be matched"


class TargetConflict(Conflict):
    """The project holds something that the migration would contradict. Nothing was written."""


__all__ = ["MappingProblem", "SourceProblem", "TargetConflict"]
