"""All runs of one command, an account each; and what they did, kept in the place and the index."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from typing import NamedTuple

from addonctl.addresses import Address
from addonctl.api import Client
from addonctl.archive import marker
from addonctl.archive.allowance import Allowance, UsedUp
from addonctl.archive.index import Index, iso
from addonctl.archive.place import Place, PlaceFailed
from addonctl.archive.run import Engine, Run, Wish
from addonctl.errors import AddonctlError, Interrupted
from addonctl.sids import given_sid


class Done(NamedTuple):
    """What a run did. `cut` says why it ended before its work did, or is empty."""

    predicted: int
    requests: int = 0
    looked: int = 0
    saved: int = 0
    failed: int = 0
    cut: str = ""


def wishes_of(wish: Wish, account: str, known: Client | Index | None) -> dict[str, Wish]:
    """What is wished of each account: of those whose recordings are named, or of the one; with
    `known` of all that the service, or an index, knows besides.
    """
    if wish.recordings:
        named: dict[str, list[Address]] = {}
        for each in wish.recordings:
            named.setdefault(each.account or account, []).append(each)
        return {its: wish._replace(recordings=tuple(each)) for its, each in named.items()}
    accounts = [account]
    if isinstance(known, Index):
        accounts += [sid for (sid,) in known.rows("SELECT sid FROM accounts ORDER BY sid")]
    elif known:
        try:
            accounts += [given_sid(each.sid, "AC") for page in known.accounts() for each in page]
        except (Interrupted, UsedUp):
            raise
        except AddonctlError as problem:
            raise problem.reworded(f"the subaccounts cannot be listed: {problem.message}") from None
    return dict.fromkeys(accounts, wish)


def run_all(
    runs: list[Run], engine: Engine, allowance: Allowance, warn: Callable[[str], None]
) -> Done:
    """Do the runs of one command, an account each, and keep what they did.

    An account that is refused is a problem, and the others go on; of an account alone it is raised.
    """
    started = runs[0].now
    place, index = runs[0].place, runs[0].index
    ended_as, refused = "", 0
    predicted = 0
    about = marker.there(place)
    try:
        for run in runs:
            about = marker.add_account(place, about, run.account)
            try:
                predicted += run.plan().requests
                run.go(engine)
            except AddonctlError as problem:
                if len(runs) == 1 or isinstance(problem, PlaceFailed | Interrupted):
                    raise
                refused += 1
                warn(f"addonctl: account {run.account}: {problem.message}")
                with index.changing():
                    index.run(
                        "INSERT INTO accounts (sid, problem) VALUES (?, ?)"
                        " ON CONFLICT (sid) DO UPDATE SET problem = excluded.problem",
                        *(run.account, problem.message),
                    )
            for sid in run.erased:
                warn(f"{sid} was erased, and is not fetched again")
            if run.cut:
                break
    except BaseException as problem:
        ended_as = getattr(problem, "message", "") or type(problem).__name__
        raise
    finally:
        done = Done(
            predicted,
            allowance.made,
            sum(run.looked for run in runs),
            sum(run.saved for run in runs),
            sum(run.failed for run in runs) + refused,
            next((run.cut for run in runs if run.cut), ""),
        )
        # Of two failures the first tells more.
        with suppress(AddonctlError) if ended_as else nullcontext():
            _record(place, index, started, done, ended_as, whole=runs[0].wish.whole)
    return done


def _record(
    place: Place, index: Index, started: datetime, done: Done, ended_as: str, *, whole: bool
) -> None:
    """Keep what a run did: in the place, and in the index. It was complete if all that was due was
    asked for, and nothing failed.
    """
    name, ended = marker.stamped(started), datetime.now(UTC)
    complete = whole and not (done.cut or done.failed or ended_as)
    if not whole and not done.cut:
        ended_as = ended_as or "only a part was asked for"
    document = {
        "id": name,
        "started": iso(started),
        "ended": iso(ended),
        "complete": complete,
        **done._asdict(),
        "ended_as": ended_as or done.cut or None,
    }
    place.put(f"runs/{name}.json", io.BytesIO((json.dumps(document, indent=1) + "\n").encode()))
    with index.changing():
        index.run(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(name, iso(started), iso(ended), int(complete), done.predicted, done.requests),
            *(done.looked, done.saved, done.failed, ended_as or done.cut or None),
        )
