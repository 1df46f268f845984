"""What the program says of itself: the manual, the help topics, and answers at a TAB."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def data(name: str) -> bytes:
    """A file of this package, be that in a zip file; importlib.resources takes longer to load."""
    loader: Any = __spec__ and __spec__.loader
    return bytes(loader.get_data(__file__.removesuffix("__init__.py") + name))
