"""The sandbox as this user has it: where its state lies, and how a Client is plugged into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from addonctl import places, sandbox
from addonctl.errors import AddonctlError

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from addonctl.login import Login
    from addonctl.sandbox.app import Application


def path() -> Path:
    """The state file, in the user's state folder. Raises AddonctlError where there is none."""
    return places.state_folder() / "sandbox.sqlite"


def application(**options: Any) -> Application:
    """The pretend account, made and filled on first use. Raises SandboxError."""
    return sandbox.open_application(path(), **options)


def login(login: Login, region: str | None, edge: str | None) -> Login:
    """The login to the pretend account. Raises Usage for what is wrong elsewhere too."""
    from addonctl.login import api_url

    api_url(region, edge)
    return login._replace(
        account=sandbox.ACCOUNT,
        username=sandbox.ACCOUNT,
        secret=sandbox.AUTH_TOKEN,
        api_url=sandbox.API_URL,
    )


def adapter() -> BaseAdapter:
    """The pretend account in place of the network. Raises AddonctlError, as its requests do."""
    from addonctl.sandbox.transport import WSGIAdapter

    class SandboxAdapter(WSGIAdapter):
        def send(self, *given: Any, **settings: Any) -> Any:
            with ours():
                return super().send(*given, **settings)

    with ours():
        return SandboxAdapter(application())


@contextmanager
def ours() -> Iterator[None]:
    """Turn the sandbox's complaint into one of ours."""
    try:
        yield
    except sandbox.SandboxError as problem:
        raise AddonctlError(str(problem)) from problem
