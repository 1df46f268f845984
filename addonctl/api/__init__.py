"""The service's HTTP API: the only package that speaks HTTP.

client.py asks for things and gives back records; transport.py sends one request, with retries;
network.py knows proxies, TLS and time-outs, and turns whatever goes wrong into one of our errors.
"""

from addonctl.api.client import Body, Client, LinkExpired, SignedLink
from addonctl.api.transport import Limits, Pace

__all__ = ["Body", "Client", "Limits", "LinkExpired", "Pace", "SignedLink"]
