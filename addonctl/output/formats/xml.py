"""The API's own document, all pages in one TwilioResponse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from addonctl.output import columns, safe
from addonctl.output.settings import Answer

FLOWS = False

_HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse>"
_TAIL = "</TwilioResponse>\n"
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def write(answer: Answer) -> Iterator[str]:
    """Tags are the field names in PascalCase, a null is an empty element.

    XML 1.0 cannot hold control characters (other than tab, newline and return) and lone
    surrogates in any form: U+FFFD stands in their place. A key that makes no tag is left out.
    """
    element = answer.kind.ELEMENT
    around = "" if answer.single else _tag(answer.kind.COLLECTION)
    empty = True
    before = f"{_HEAD}<{around}>" if around else _HEAD
    shown: Callable[[str], str] = safe.xml_text if answer.screen else str
    for page in answer.pages:
        if page:
            yield before + shown(
                "".join(
                    [
                        f"<{element}>{_inside(columns.document(record, answer.fields))}</{element}>"
                        for record in page
                    ]
                )
            )
            before, empty = "", False
    if not around:
        yield _TAIL
    else:
        yield f"{_HEAD}<{around}/>{_TAIL}" if empty else f"</{around}>{_TAIL}"


@lru_cache(maxsize=1024)
def _tag(name: str) -> str:
    """`add_on_sid` as AddOnSid; empty where that is no name for an element."""
    tag = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return tag if _NAME.fullmatch(tag) else ""


def _inside(document: dict[str, Any]) -> str:
    parts = []
    for name, value in document.items():
        tag = _tag(name)
        if type(value) is str and value:
            # Most values are SIDs and single words, which hold nothing special by what they are.
            harmless = value.isalnum() or not _SPECIAL.search(value)
            text = value if harmless else _SPECIAL.sub(_escaped, value)
        else:
            text = _content(value)
        if tag:
            parts.append(f"<{tag}>{text}</{tag}>" if text else f"<{tag}/>")
    return "".join(parts)


def _content(value: Any) -> str:
    if isinstance(value, dict):
        return _inside(value)
    if isinstance(value, list):
        return "".join(f"<Item>{_content(item)}</Item>" for item in value)
    return _SPECIAL.sub(_escaped, columns.plain(value))


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[0], "\ufffd")
