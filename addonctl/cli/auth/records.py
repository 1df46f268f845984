"""What `addonctl auth` shows: profiles, logins, and what was taken over."""

from __future__ import annotations

from addonctl.models import Field, Record


class Entry(Record):
    """One profile, as it is kept."""

    __slots__ = ()
    COLLECTION = "profiles"
    ELEMENT = "Profile"
    FIELDS = (
        Field("profile"),
        Field("in_use"),
        Field("account_sid", "sid"),
        Field("key_sid", "sid"),
        Field("region"),
        Field("edge"),
        Field("storage"),
    )
    COLUMNS = ("profile", "in_use", "account_sid", "key_sid", "region", "edge", "storage")


class Status(Record):
    """One login: where it comes from, its secret masked, and what the service says to it."""

    __slots__ = ()
    COLLECTION = "logins"
    ELEMENT = "Login"
    FIELDS = (
        Field("profile"),
        Field("in_use"),
        Field("source"),
        Field("keyring"),
        Field("account_sid", "sid"),
        Field("key_sid", "sid"),
        Field("secret"),
        Field("api_url"),
        Field("status", "status"),
        Field("detail"),
    )
    COLUMNS = (
        "profile",
        "in_use",
        "source",
        "keyring",
        "account_sid",
        "secret",
        "status",
        "detail",
    )


class Taken(Record):
    """What became of one profile of another tool."""

    __slots__ = ()
    COLLECTION = "profiles"
    ELEMENT = "Profile"
    FIELDS = (
        Field("profile"),
        Field("account_sid", "sid"),
        Field("outcome", "status"),
        Field("detail"),
    )
    COLUMNS = ("profile", "account_sid", "outcome", "detail")
