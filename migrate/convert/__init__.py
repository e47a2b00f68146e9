"""Values as the earlier program stored them, made right. A value that can't be made right raises `Unusable`."""

from __future__ import annotations

from migrate.convert.values import Say, Unusable

__all__ = ["Say", "Unusable"]
