"""Catalog views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tds.engine import tree

if TYPE_CHECKING:
    from tests.tds.engine.catalog import Object
    from tests.tds.engine.session import Session


def view(session: Session, parts: tree.Parts) -> Object | None:
    """A catalog view."""
    del session, parts
    return None
