"""The API's own document, all pages in one TwilioResponse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from addonctl.errors import AddonctlError
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
            documents = [columns.document(record, answer.fields) for record in page]
            try:
                elements = [f"<{element}>{inside}</{element}>" for inside in _insides(documents)]
            except RecursionError:
                raise AddonctlError("the answer is nested too deeply for xml") from None
            yield before + shown("".join(elements))
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


def _insides(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What each element holds; by columns, as pages of documents with the same keys allow."""
    names = documents[0].keys()
    if any(document.keys() != names for document in documents):
        return [_insides([document])[0] for document in documents]
    found = [
        _elements(tag, [document[name] for document in documents])
        for name in names
        if (tag := _tag(name))
    ]
    return list(map("".join, zip(*found, strict=True))) if found else [""] * len(documents)


def _elements(tag: str, values: list[Any]) -> list[str]:
    kinds = set(map(type, values))
    if kinds == {str}:
        texts = values if _is_harmless("".join(values)) else list(map(_content, values))
    elif kinds == {dict}:
        texts = _insides(values)
    else:
        texts = list(map(_content, values))
    begin, end, empty = f"<{tag}>", f"</{tag}>", f"<{tag}/>"
    return [f"{begin}{text}{end}" if text else empty for text in texts]


def _content(value: Any) -> str:
    if isinstance(value, dict):
        return _insides([value])[0]
    if isinstance(value, list):
        return "".join(f"<Item>{_content(item)}</Item>" for item in value)
    return _SPECIAL.sub(_escaped, columns.plain(value))


def _is_harmless(text: str) -> bool:
    """Whether nothing needs escaping: asked of a whole column, faster than of its cells."""
    return text.isprintable() and not ("&" in text or "<" in text or ">" in text)


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[0], "\ufffd")
