"""https: what one connection more costs, and 64 deletes as a whole process beside curl.

    python -m benchmarks.https [--runs 11]

The CA bundle is certifi's, as everybody has it, with the authority of this benchmark's server
added: reading it is what a fresh connection costs most.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import certifi
import trustme

from benchmarks.measure import ADDONCTL, side_by_side, users
from benchmarks.report import keep, table

ACCOUNT = "AC" + "a" * 32
DELETES, WORKERS = 64, 16
FRESH = 32
GONE = b"HTTP/1.1 204 No Content\r\n\r\n"
RESULT = f"XR{1:032x}"
BODY = f'{{"sid": "{RESULT}"}}'.encode()
FOUND = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(BODY), BODY)


async def serve(certificate: str) -> None:
    """204 to each DELETE, on a connection that stays open; to each GET a document, and the end."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(FOUND if head.startswith(b"GET") else GONE)
                await writer.drain()
                if head.startswith(b"GET"):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def connections() -> None:
    """Print how long the first fresh connection took, and the median of those after it."""
    from addonctl.addresses import Address
    from addonctl.api import Client
    from addonctl.models import Result
    from addonctl.profiles import Login

    client = Client(Login(ACCOUNT, ACCOUNT, "none", api_url=os.environ["ADDONCTL_API_URL"]))
    address = Address(f"RE{1:032x}", RESULT)
    took = []
    for _ in range(FRESH):
        began = time.perf_counter()
        client.get(Result, address)
        took.append(time.perf_counter() - began)
    print(took[0], statistics.median(took[1:]))


def measure(runs: int, folder: Path) -> list[dict[str, Any]]:
    authority = trustme.CA()
    bundle, certificate = folder / "bundle.pem", folder / "server.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(certificate))
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.https", "--serve", str(certificate)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout
        url = f"https://127.0.0.1:{server.stdout.readline().strip()}"
        environment = {
            **users(),
            "ADDONCTL_API_URL": url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": "none",
            "REQUESTS_CA_BUNDLE": str(bundle),
            "CURL_CA_BUNDLE": str(bundle),
        }
        recording = f"RE{1:032x}"
        sids = [f"XR{number:032x}" for number in range(DELETES)]
        base = f"{url}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording}/AddOnResults"
        config = folder / "urls"
        config.write_text(
            "".join(f'url = "{base}/{sid}.json"\noutput = /dev/null\n' for sid in sids)
        )
        took = side_by_side(
            {
                "addonctl": [
                    *(ADDONCTL, "results", "delete", recording, *sids),
                    *("--yes", "--workers", str(WORKERS), "--format", "sids"),
                ],
                "curl": [
                    *("curl", "--no-progress-meter", "-X", "DELETE", "-u", f"{ACCOUNT}:none"),
                    *("--parallel", "--parallel-max", str(WORKERS), "-K", str(config)),
                ],
            },
            runs=runs,
            environment=environment,
        )
        fresh = []
        for _ in range(runs):
            ran = subprocess.run(
                [sys.executable, "-m", "benchmarks.https", "--connections"],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            first, others = map(float, ran.stdout.split())
            fresh.append(others / first)
    finally:
        server.kill()
        server.wait()
    return [
        {
            "what": f"the 2nd to {FRESH}nd https connection",
            "beside": "the first",
            "ratio": statistics.median(fresh),
            "at most": 0.2,
        },
        {
            "what": f"{DELETES} deletes over https, {WORKERS} at once, whole process",
            "beside": f"curl --parallel --parallel-max {WORKERS}",
            "ratio": took["addonctl"].seconds / took["curl"].seconds,
            "at most": 1.0,
        },
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--serve", metavar="CERTIFICATE", help=argparse.SUPPRESS)
    parser.add_argument("--connections", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve))
    elif options.connections:
        connections()
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = measure(options.runs, Path(folder))
        keep("https", rows, runs=options.runs)
        print(table(rows))


if __name__ == "__main__":
    main()
