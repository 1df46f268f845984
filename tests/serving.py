"""Any WSGI application on loopback, for as long as a test needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from addonctl.sandbox.server import Server, WSGIApplication, serve


@contextmanager
def serving(application: Callable[[str], WSGIApplication], port: int = 0) -> Iterator[Server]:
    """Serve what `application` gives for the store's URL; the Server tells both URLs.

    For the sandbox: `serving(lambda url: open_application(path, store_url=url))`; for an
    application of the test's own: `serving(lambda _: application)`.
    """
    server = serve(application, port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(20)
