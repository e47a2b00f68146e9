"""Who may do what. A role is the custom claim `role` of a Firebase user."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """viewer sees, operator works, admin configures; each may do what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what the other one may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
