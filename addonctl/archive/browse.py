"""What Datasette is told of an index: titles, facets, and a search over what was said."""

from __future__ import annotations

import json

SEARCH = """
select r.date_created, t.recording_sid, t.result_sid, t.payload_sid, c.call_sid, r.add_on_sid,
    snippet(transcripts_fts, 0, '[', ']', '…', 12) as snippet
from transcripts_fts join transcripts as t on t.id = transcripts_fts.rowid
    join results as r on r.sid = t.result_sid
    left join recordings as c on c.sid = t.recording_sid
where transcripts_fts match escape_fts(:words)
order by transcripts_fts.rowid desc limit 100
""".strip()


def metadata(database: str, accounts: tuple[str, ...]) -> bytes:
    """A metadata file for the index that Datasette calls `database`."""
    tables = {
        "results": {
            "title": "Results",
            "description": "What add-ons made; `state` says whether it is in the archive.",
            "facets": ["status", "state", "add_on_sid", "add_on_configuration_sid"],
            "sort_desc": "date_created",
        },
        "payloads": {
            "title": "Payloads",
            "description": "The files of results: where each lies, its length and its hash.",
            "facets": ["label", "content_type", "verdict"],
            "sort_desc": "date_created",
        },
        "recordings": {
            "title": "Recordings",
            "description": "When each was looked at, and when it will be again.",
            "facets": ["account_sid", "settled"],
            "sort_desc": "date_created",
        },
        "transcripts": {
            "title": "Transcripts",
            "description": "What was said, as one text a payload.",
            "facets": ["shape", "language"],
            "sort_desc": "id",
            "fts_table": "transcripts_fts",
            "fts_pk": "id",
        },
        "turns": {
            "title": "Turns",
            "description": "What was said, by whom, from which second to which.",
            "facets": ["speaker"],
        },
        "runs": {"title": "Runs", "sort_desc": "started", "facets": ["complete"]},
        "tombstones": {"title": "Erased", "sort_desc": "erased_at"},
        "accounts": {"title": "Accounts"},
        "meta": {"hidden": True},
    }
    search = {
        "title": "What was said",
        "description": "The newest hundred transcripts in which all of these words are said.",
        "sql": SEARCH,
        "params": ["words"],
    }
    document = {
        "title": "Add-on results",
        "description": f"The archive of {', '.join(accounts)}, as addonctl keeps it.",
        "databases": {database: {"tables": tables, "queries": {"search": search}}},
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
