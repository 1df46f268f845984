"""Logins: whose they are, where they are kept. The only package that asks the keyring.

resolve.py answers "which login"; store.py keeps them, with settings.py for config.toml and
secrets.py for the keyring; twilio_cli.py reads another tool's. Only what resolving from variables
needs is imported at the start.
"""

from addonctl.profiles.resolve import resolve

__all__ = ["resolve"]
