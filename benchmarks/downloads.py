"""Downloads beside curl: one payload of 250 MB, and 2,000 of 20 kB at 50 ms latency.

    python -m benchmarks.downloads [--runs 7]

Both get the same bytes from the same server, by way of the same redirects, onto the same disk;
times are of whole processes. curl checks nothing and syncs nothing; addonctl holds every payload
against its checksum and has it on disk before it gets its name.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import ADDONCTL, Figure, logged_in, side_by_side
from benchmarks.report import keep, table

ACCOUNT = "AC" + "0" * 32
RECORDING = "RE" + "0" * 32
RESULT = "XR" + "0" * 32
BIG, SMALL = 250_000_000, 20_000
MANY = 2_000
LATENCY = 0.05
WORKERS = 32
DATE = "Sat, 21 Nov 2026 18:43:00 +0000"


class Server:
    """As much of the API and its store as a download needs, with pipelining left out."""

    def __init__(self, file: Path, count: int, latency: float, parts: bool) -> None:
        self.file, self.count, self.latency = file, count, latency
        self.size = file.stat().st_size
        with file.open("rb") as opened:
            md5 = hashlib.file_digest(opened, "md5").hexdigest()
        # Of an object that was put in parts, as uploaders do from 8 or 16 MB on, S3's ETag is no
        # checksum.
        self.etag = f"{md5}-30" if parts else md5
        self.bytes = file.read_bytes() if self.size < 1_000_000 else b""

    async def serve(self) -> None:
        server = await asyncio.start_server(self.connected, "127.0.0.1", 0, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"{self.port}\n")
        sys.stdout.flush()
        await server.serve_forever()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(self.latency)
                await self.answer(head.split(b" ", 2)[1].decode(), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        path = target.partition("?")[0]
        if path.startswith("/store/"):
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
                b'ETag: "%s"\r\n\r\n%s' % (self.size, self.etag.encode(), self.bytes)
            )
            if not self.bytes:
                with self.file.open("rb") as file:
                    await asyncio.get_running_loop().sendfile(writer.transport, file)
        elif path.endswith("/Data"):
            # By its other name, so that the login stays behind, as it does with the real store.
            place = f"http://localhost:{self.port}/store/{path.split('/')[-2]}?signature=0"
            writer.write(
                b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
                % place.encode()
            )
        else:
            body = json.dumps(self.document(path, target)).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )

    def document(self, path: str, target: str) -> dict[str, object]:
        dates = {"date_created": DATE, "date_updated": DATE}
        if path.endswith("/AddOnResults.json"):
            result = {"sid": RESULT, "reference_sid": RECORDING, "status": "completed", **dates}
            return {"add_on_results": [result], "next_page_uri": None}
        if not path.endswith("/Payloads.json"):
            return {"sid": path.split("/")[-1][:34], "content_type": "application/json", **dates}
        begin = int(target.rpartition("&Begin=")[2]) if "&Begin=" in target else 0
        end = min(begin + 1000, self.count)
        payloads = [
            {"sid": sid(number), "content_type": "application/json", "label": "", **dates}
            for number in range(begin, end)
        ]
        following = f"{path}?PageSize=1000&Begin={end}" if end < self.count else None
        return {"payloads": payloads, "next_page_uri": following}


def sid(number: int) -> str:
    return f"XH{number:032x}"


def compared(
    folder: Path, size: int, count: int, latency: float, etag: str, runs: int
) -> dict[str, Figure]:
    """The same payloads by curl and by addonctl, from a server in a process of its own."""
    file = folder / "payload"
    with file.open("wb") as opened:
        for _ in range(size // 10_000):
            opened.write(os.urandom(10_000))
    serving = [sys.executable, "-m", "benchmarks.downloads", "--serve"]
    server = subprocess.Popen(
        [*serving, str(file), str(count), str(latency), etag],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout
        api = f"http://127.0.0.1:{int(server.stdout.readline())}"
        root = f"{api}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}/AddOnResults/{RESULT}"
        kept = folder / "keep"
        listed = folder / "listed"
        listed.write_text(
            "".join(
                f"url = {root}/Payloads/{sid(number)}/Data\noutput = {kept}/{sid(number)}.json\n"
                for number in range(count)
            )
        )
        curl = ["curl", "-sS", "-L", "-u", f"{ACCOUNT}:secret", "-K", str(listed)]
        ours = [ADDONCTL, "results", "download", RECORDING]
        if count == 1:
            ours += [RESULT, sid(0)]
        else:
            ours += ["--workers", str(WORKERS)]
            curl += ["--parallel", "--parallel-max", str(WORKERS)]
        return side_by_side(
            {"curl": curl, "addonctl": [*ours, "--to", str(kept), "--format", "sids", "--quiet"]},
            runs=runs,
            environment=logged_in(ACCOUNT, folder, ADDONCTL_API_URL=api),
            before=["sh", "-c", f"rm -rf {kept} && mkdir {kept} && sync"],
        )
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.serve:
        file, count, latency, parts = words.serve
        asyncio.run(Server(Path(file), int(count), float(latency), parts == "parts").serve())
        return
    rows = []
    for what, size, count, latency, etag, bound in (
        ("one payload of 250 MB, put in parts", BIG, 1, 0.0, "parts", 1.3),
        ("one payload of 250 MB, with its MD5", BIG, 1, 0.0, "md5", None),
        ("2,000 payloads of 20 kB, 50 ms, 32 at a time", SMALL, MANY, LATENCY, "md5", 1.11),
    ):
        with tempfile.TemporaryDirectory() as folder:
            took = compared(Path(folder), size, count, latency, etag, words.runs)
        ours, curl = took["addonctl"], took["curl"]
        rows.append(
            {
                "what": what,
                "beside": "curl -L",
                "curl, s": curl.seconds,
                "addonctl, s": ours.seconds,
                "ratio": ours.seconds / curl.seconds,
                "at most": bound,
                "MiB": ours.mebibytes,
            }
        )
    keep("downloads", rows, runs=words.runs)
    print(table(rows))


if __name__ == "__main__":
    main()
