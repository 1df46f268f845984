"""Which bucket, and how it is reached: the URL, the endpoint, and the login, found where each
cloud's own tools find them.

obstore looks for most logins itself (variables, the machine's own, Google's files); here is what
it leaves out: AWS's profiles, and the names that Azure's and Google's tools give to variables.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from addonctl.archive.place import PlaceRefused
from addonctl.errors import AddonctlError, Usage
from addonctl.profiles import LOOPBACK, plain_url

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from addonctl.api import Limits

CLOUDS = {"s3": "S3", "gs": "Google Cloud Storage", "az": "Azure"}
LOGIN_HINT = "which logins are taken, and from where: addonctl help buckets"
LONGER = 20.0
"""Seconds that a request may take beyond its time-out, waits between retries included."""

_BUCKET = re.compile("[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_PART = re.compile(r"[A-Za-z0-9_=@+,.~() -]+")
_BY_BOTO3 = (
    *("role_arn", "sso_session", "sso_start_url", "credential_process", "credential_source"),
    *("web_identity_token_file", "login_session"),
)


class Bucket(NamedTuple):
    """A bucket (in Azure a container), and what the names of an archive's objects begin with."""

    scheme: str
    name: str
    prefix: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.name}{'/' * bool(self.prefix)}{self.prefix}"


def bucket_of(url: str) -> Bucket:
    """The bucket that a URL names. Raises Usage, which does not repeat what may hold a secret."""
    scheme, _, rest = url.partition("://")
    name, _, prefix = rest.rstrip("/").partition("/")
    if scheme.lower() not in CLOUDS:
        known = ", ".join(f"{each}://" for each in CLOUDS)
        raise Usage(
            f"an archive lies in a folder or at {known}, not at {scheme}://"
            if re.fullmatch(r"[\w.+-]{1,20}", scheme)
            else f"an archive lies in a folder or at {known}"
        )
    parts = prefix.split("/") if prefix else []
    if not _BUCKET.fullmatch(name) or not all(
        _PART.fullmatch(part) and part not in (".", "..") for part in parts
    ):
        raise Usage(
            f"the address of a bucket is {scheme.lower()}://BUCKET/PREFIX, without a login and"
            " without parameters; in it letters, digits and -_.=+,@~()"
        )
    return Bucket(scheme.lower(), name, prefix)


def store_of(bucket: Bucket, limits: Limits, environment: Mapping[str, str]) -> ObjectStore:
    """The bucket's store; nothing is asked of it yet.

    Raises Usage for an endpoint that is none, PlaceRefused where a login is named that is not
    there, and AddonctlError without obstore.
    """
    try:
        from obstore.exceptions import BaseError
        from obstore.store import AzureStore, GCSStore, S3Store
    except ImportError:
        raise AddonctlError(
            "an archive in a bucket needs obstore",
            hint="install addonctl with its extra: pipx install 'addonctl[cloud]'",
        ) from None
    from addonctl.api import transport

    config, provider = {"s3": _s3, "gs": _gs, "az": _az}[bucket.scheme](environment)
    endpoint = config.get("endpoint")
    if bucket.scheme == "gs" and (endpoint := config.pop("endpoint", None)):
        # As Google's emulators are reached: nobody is asked for a login.
        emulated = {"gcs_base_url": endpoint, "disable_oauth": True, "client_email": ""}
        key = {**emulated, "private_key": "", "private_key_id": ""}
        config["service_account_key"] = json.dumps(key)
    options: dict[str, Any] = {
        "timeout": timedelta(seconds=limits.timeout),
        "connect_timeout": timedelta(seconds=min(limits.timeout, transport.CONNECT_TIMEOUT)),
    }
    if endpoint:
        parts = plain_url(endpoint)
        if parts is None or not (parts.scheme == "https" or parts.hostname in LOOPBACK):
            raise Usage(
                "the endpoint of a bucket must be https://HOST, or http on loopback, without a"
                " login",
                hint=f"check {', '.join(_ENDPOINTS[bucket.scheme])}",
            )
        options["allow_http"] = parts.scheme == "http"
    retries: dict[str, Any] = {
        "max_retries": limits.retries,
        "retry_timeout": timedelta(seconds=(limits.timeout + LONGER) * (limits.retries + 1)),
        "backoff": {
            "init_backoff": timedelta(seconds=transport.BACKOFF),
            "max_backoff": timedelta(seconds=transport.LONGEST_BACKOFF),
            "base": 2,
        },
    }
    kind: Any = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}[bucket.scheme]
    given = {"credential_provider": provider} if provider else {}
    try:
        store: ObjectStore = kind(
            bucket.name,
            prefix=bucket.prefix or None,
            config=config,
            client_options=options,
            retry_config=retries,
            **given,
        )
    except (BaseError, ValueError, OSError):  # its words may hold what is secret
        raise PlaceRefused(
            f"{bucket.url}: the login for {CLOUDS[bucket.scheme]} is not complete, or not valid",
            hint=LOGIN_HINT,
        ) from None
    return store


_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("STORAGE_EMULATOR_HOST",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT", "AZURE_STORAGE_CONNECTION_STRING"),
}


def _first(environment: Mapping[str, str], *names: str) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def _s3(environment: Mapping[str, str]) -> tuple[dict[str, Any], Any]:
    # With a checksum beside each object the store refuses one that was changed on its way, and a
    # bucket with an object lock takes it.
    config: dict[str, Any] = {
        "checksum_algorithm": environment.get("AWS_CHECKSUM_ALGORITHM") or "SHA256"
    }
    named = _first(environment, "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    profile = _aws_profile(environment, named or "default")
    if named and not profile:
        raise PlaceRefused(
            f"AWS_PROFILE is {named}, and there is no such profile in ~/.aws", hint=LOGIN_HINT
        )
    if region := _first(environment, "AWS_REGION", "AWS_DEFAULT_REGION") or profile.get("region"):
        config["region"] = region
    if endpoint := _first(environment, *_ENDPOINTS["s3"]) or profile.get("endpoint_url"):
        config["endpoint"] = endpoint
    if environment.get("AWS_ACCESS_KEY_ID"):
        return config, None
    if profile.get("aws_access_key_id") and profile.get("aws_secret_access_key"):
        config["access_key_id"] = profile["aws_access_key_id"]
        config["secret_access_key"] = profile["aws_secret_access_key"]
        if profile.get("aws_session_token"):
            config["session_token"] = profile["aws_session_token"]
        return config, None
    if not any(profile.get(each) for each in _BY_BOTO3):
        return config, None  # the machine's own: a role, a container's, none
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        raise PlaceRefused(
            f"the profile {named or 'default'} in ~/.aws logs in by a role, SSO or a process,"
            " which takes boto3",
            hint="pipx inject addonctl boto3;"
            ' or: eval "$(aws configure export-credentials --format env)"',
        ) from None
    try:
        return config, Boto3CredentialProvider()
    except Exception as problem:  # boto3's own, of many kinds
        raise PlaceRefused(
            f"the profile {named or 'default'} in ~/.aws gives no login ({type(problem).__name__})",
            hint="log in with the aws tool first",
        ) from None


def _aws_profile(environment: Mapping[str, str], name: str) -> dict[str, str]:
    """What AWS's two files say of a profile; the file of credentials goes first."""
    found: dict[str, str] = {}
    section = name if name == "default" else f"profile {name}"
    for variable, usual, heading in (
        ("AWS_CONFIG_FILE", "~/.aws/config", section),
        ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", name),
    ):
        path = Path(os.path.expanduser(environment.get(variable) or usual))  # noqa: PTH111
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(path.read_text("utf-8"))
        except FileNotFoundError:
            continue
        except (configparser.Error, OSError, ValueError):  # its words would quote the file
            raise PlaceRefused(f"cannot read {path}", hint=LOGIN_HINT) from None
        if parser.has_section(heading):
            found |= parser[heading]
    return found


def _gs(environment: Mapping[str, str]) -> tuple[dict[str, Any], Any]:
    endpoint = _first(environment, *_ENDPOINTS["gs"])
    if endpoint is None:
        return {}, None
    return {"endpoint": endpoint if "://" in endpoint else f"http://{endpoint}"}, None


def _az(environment: Mapping[str, str]) -> tuple[dict[str, Any], Any]:
    said = dict(
        part.partition("=")[::2]
        for part in environment.get("AZURE_STORAGE_CONNECTION_STRING", "").split(";")
    )
    account = said.get("AccountName") or _first(
        environment, "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME"
    )
    if not account:
        raise PlaceRefused(
            "which storage account of Azure?", hint="set AZURE_STORAGE_ACCOUNT; " + LOGIN_HINT
        )
    config: dict[str, Any] = {"account_name": account}
    if key := said.get("AccountKey") or environment.get("AZURE_STORAGE_KEY"):
        config["account_key"] = key
    if token := said.get("SharedAccessSignature"):
        config["sas_key"] = token
    if endpoint := said.get("BlobEndpoint") or _first(environment, *_ENDPOINTS["az"][:2]):
        config["endpoint"] = endpoint
    logins = ("KEY", "SAS", "CLIENT_SECRET", "FEDERATED", "MSI", "IDENTITY", "TOKEN")
    named = any(
        name.startswith("AZURE_") and value and any(each in name for each in logins)
        for name, value in environment.items()
    )
    if len(config) <= 1 + ("endpoint" in config) and not named and shutil.which("az"):
        config["use_azure_cli"] = True
    return config, None
