"""The program where programs have to live: containers, cron, Ansible, behind proxies, with little.

Each test runs it as a process of its own, in the environment that its name says, on an account that
is served.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.forward_proxy import forward_proxy
from support.program import CLOCK, PROGRAM
from support.serving import serving
from support.tls_front import tls_front

from addonctl import sandbox
from addonctl.sandbox.app import Application

RE = "RE73640dced2490fa811f54a87139210ee"
XR = "XR68b652bc56ffb143af7cdb76f8cbc0ef"
XH = "XH490b86aebe891b7656eebf1333bc7523"
NOBODY = "54321"

# Another user than root, who is in no list and owns nothing here; and may read, for where the tests
# are may be root's own.
READING = "-all,+dac_read_search"
AS_NOBODY = [
    *("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"),
    *(f"--inh-caps={READING}", f"--ambient-caps={READING}", "--"),
]
# A view of all disks in which nothing can be written, /tmp included.
READ_ONLY = ["unshare", "-Urm", "sh", "-c", 'mount -o remount,bind,ro / && exec "$@"', "sh"]


def can(*words: str) -> bool:
    """Whether this machine lets the tests make such an environment."""
    if not shutil.which(words[0]):
        return False
    return subprocess.run([*words, "true"], capture_output=True, timeout=30).returncode == 0


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    file = tmp_path / "account.sqlite"
    with serving(lambda store: Application(file, store_url=store)) as server:
        yield server.api_url


def variables(url: str, **more: str) -> dict[str, str]:
    """A login, and nothing else that is set."""
    return {
        **CLOCK,
        "TWILIO_ACCOUNT_SID": sandbox.ACCOUNT,
        "TWILIO_AUTH_TOKEN": sandbox.AUTH_TOKEN,
        "ADDONCTL_API_URL": url,
        **more,
    }


def ran(
    line: str,
    environment: dict[str, str],
    *,
    within: Sequence[str] = (),
    stdin: str = "",
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*within, *PROGRAM, *line.split()],
        env=environment,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def does_its_job(
    environment: dict[str, str], within: Sequence[str] = (), cwd: Path | None = None
) -> None:
    """List, read and delete, with not a word beside the answer but what was done."""

    def said(line: str) -> tuple[int, str, str]:
        process = ran(line, environment, within=within, cwd=cwd)
        return process.returncode, process.stdout, process.stderr

    code, listed, err = said("results list --all --format sids")
    assert (code, err) == (0, "")
    assert f"{RE}/{XR}\n" in listed
    code, spoken, err = said(f"results transcript {RE}")
    assert (code, err) == (0, "")
    assert "the parcel never arrived" in spoken
    assert said(f"payloads show {RE} {XR} {XH}")[1].startswith("Agent: Thank you")
    assert said(f"results delete {RE} {XR} --yes --format sids") == (
        0,
        f"{RE}/{XR}\n",
        "deleted 1 result\n",
    )
    assert said(f"results get {RE} {XR}")[0] == 3


@pytest.mark.skipif(not can(*AS_NOBODY), reason="needs root, and setpriv")
def test_a_user_without_name_home_or_anything_of_their_own(url: str) -> None:
    environment = variables(url)
    homeless = ran("-p sandbox results list --all", environment, within=AS_NOBODY)

    does_its_job(environment, AS_NOBODY)
    assert (homeless.returncode, homeless.stdout) == (1, "")
    assert "the system knows no home folder of yours\nhint: set HOME" in homeless.stderr


@pytest.mark.skipif(not can(*AS_NOBODY), reason="needs root, and setpriv")
def test_a_home_that_belongs_to_somebody_else(url: str, home: Path) -> None:
    home.chmod(0o755)
    environment = variables(url, HOME=str(home))
    kept = ran(f"results download {RE} --to kept", environment, within=AS_NOBODY, cwd=home)

    does_its_job(environment, AS_NOBODY)
    assert kept.returncode == 1
    assert "ermission denied" in kept.stderr + kept.stdout
    assert list(home.iterdir()) == []


@pytest.mark.skipif(not can(*READ_ONLY), reason="this machine lets nobody mount in a namespace")
def test_a_disk_that_cannot_be_written(url: str, home: Path) -> None:
    environment = variables(url, HOME=str(home), PATH=os.environ["PATH"])
    saved = ran(f"results download {RE} --to kept", environment, within=READ_ONLY, cwd=home)
    archive = ran("archive init calls", environment, within=READ_ONLY, cwd=home)
    pretend = ran("-p sandbox results list --all", environment, within=READ_ONLY)
    own = ran("config set format csv", environment, within=READ_ONLY)

    does_its_job(environment, READ_ONLY)
    for process in (saved, archive, pretend, own):
        assert process.returncode == 1
        assert "ead-only file system" in process.stdout + process.stderr
        assert "Traceback" not in process.stderr


def test_cron_which_sets_next_to_nothing(url: str, home: Path) -> None:
    environment = variables(url, HOME=str(home), LOGNAME="root", SHELL="/bin/sh", PATH="/bin")

    does_its_job(environment, cwd=Path("/"))
    for line in ("archive init calls --quiet", "archive run --quiet"):
        process = ran(line, {**environment, "ADDONCTL_ARCHIVE": str(home / "calls")}, cwd=home)
        assert (process.returncode, process.stderr) == (0, ""), line
    assert (home / "calls" / "index.sqlite").exists()


def test_an_environment_with_nothing_in_it() -> None:
    for line, code in (("--help", 0), ("help formats", 0), ("recordings list", 4)):
        process = ran(line, dict(CLOCK))
        assert process.returncode == code
        assert "Traceback" not in process.stderr


@pytest.mark.parametrize("locale", ["C", "xx_YY.ISO-8859-99"])
def test_a_locale_that_knows_no_letters_beyond_ascii(url: str, home: Path, locale: str) -> None:
    """Answers and words are UTF-8 all the same, and so are the names of files."""
    environment = variables(url, HOME=str(home), LC_ALL=locale, PYTHONCOERCECLOCALE="0")
    folder = home / "Gespräche"
    saved = ran(f"results download {RE} --to {folder} --quiet", environment)
    wrong = ran("results list RE…", environment)

    does_its_job(environment)
    assert saved.returncode == 0
    assert len(list(folder.rglob("XH*"))) == 4
    assert wrong.returncode == 2
    assert "'RE…'" in wrong.stderr


def test_ansible_which_gives_lines_and_reads_codes_and_json(url: str) -> None:
    """A list goes in, rows come out; what went wrong is one object, and the code says how bad."""
    environment = variables(url, ADDONCTL_FORMAT="jsonl")
    listed = ran("results list --all --status failed,canceled", environment).stdout
    gone = json.dumps({"reference_sid": RE, "sid": f"XR{0:032x}"})
    line = "results delete - --yes --max-delete 5"
    refused = ran("results delete -", environment, stdin=listed)
    done = ran(line, environment, stdin=f"{listed}{gone}\n")
    again = ran(line, environment, stdin=listed)
    spared = ran(f"{line} --ignore-not-found", environment, stdin=listed)

    rows = [json.loads(row) for row in done.stdout.splitlines()]
    assert (refused.returncode, refused.stdout) == (2, "")
    assert json.loads(refused.stderr)["error"]["exit_code"] == 2
    assert [row["outcome"] for row in rows] == ["deleted", "deleted", "not-found"]
    assert (done.returncode, again.returncode, spared.returncode) == (6, 3, 0)
    assert json.loads(again.stderr.splitlines()[-1])["error"]["exit_code"] == 3


def test_a_proxy_between(url: str, tmp_path: Path) -> None:
    """All goes through it but what NO_PROXY names; it sees hosts, and no login."""
    with tls_front(url, tmp_path) as front, forward_proxy() as proxy:
        environment = variables(
            front["ADDONCTL_API_URL"],
            REQUESTS_CA_BUNDLE=front["REQUESTS_CA_BUNDLE"],
            HTTPS_PROXY=proxy.url,
        )
        does_its_job(environment)
        through = len(proxy.heads)
        direct = ran("recordings list", {**environment, "NO_PROXY": "localhost,127.0.0.1"})

        assert through >= 5
        assert (direct.returncode, len(proxy.heads)) == (0, through)
        assert {head.split()[0] for head in proxy.heads} == {b"CONNECT"}
        assert b"uthorization" not in b"".join(proxy.heads)


def test_the_loopback_of_ipv6(tmp_path: Path) -> None:
    from waitress.server import create_server

    try:
        listeners = [socket.create_server(("::1", 0), family=socket.AF_INET6) for _ in range(2)]
    except OSError:
        pytest.skip("no IPv6 here")
    api, store = (f"http://[::1]:{each.getsockname()[1]}" for each in listeners)
    application = Application(tmp_path / "account.sqlite", store_url=store)
    server = create_server(application, sockets=listeners)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        does_its_job(variables(api))
    finally:
        server.close()
        thread.join(20)


@pytest.mark.skipif(
    not can(*AS_NOBODY, "prlimit", "--nproc=8"), reason="needs root, setpriv and prlimit"
)
@pytest.mark.parametrize("most", [1, 4])
def test_a_limit_on_processes(url: str, most: int) -> None:
    """A thread counts as one: as many work as there may be, if only the first."""
    within = [*AS_NOBODY, "prlimit", f"--nproc={most}"]

    does_its_job(variables(url, ADDONCTL_WORKERS="32"), within)


def test_a_python_that_may_write_no_bytecode_and_sees_no_packages_of_the_user(url: str) -> None:
    isolated = [sys.executable, "-I", "-B", "-m", "addonctl"]
    process = subprocess.run(
        [*isolated, "recordings", "list", "-f", "sids"],
        env=variables(url),
        capture_output=True,
        text=True,
    )

    assert (process.returncode, process.stderr) == (0, "")
    assert RE in process.stdout
