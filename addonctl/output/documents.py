"""Documents as the API has them: JSON, JSON lines and XML; and JMESPath over JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from addonctl.errors import AddonctlError, Usage
from addonctl.output import safe
from addonctl.output.formats import Answer, document, plain

LONGEST_REASON = 300
"""Characters of JMESPath's words that are shown: it repeats whole documents."""

_HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse>"
_TAIL = "</TwilioResponse>\n"
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
# A string, which is a name if a colon follows, or a word or number of its own.
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(\b(?:true|false|null)\b|-?\d[\d.eE+-]*)')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def json_array(answer: Answer) -> Iterator[str]:
    """An object a line in a pipe, indented on a terminal; what a query found comes indented."""
    show = partial(shown, screen=answer.screen, color=answer.color)
    iso = answer.settings.iso
    indent = 2 if answer.screen else None
    encode = json.JSONEncoder(
        ensure_ascii=False, indent=indent, separators=None if indent else (",", ":")
    ).encode
    if answer.single or answer.settings.query is not None:
        found: Any = [document(record, answer.fields, iso=iso) for record in chain(*answer.pages)]
        found = found[0] if answer.single else found
        query = answer.settings.query
        yield show(encode(found) if query is None else searched(query, found)) + "\n"
        return
    before, after = "[\n", "[]\n"
    for page in answer.pages:
        if page:
            objects = [encode(document(record, answer.fields, iso=iso)) for record in page]
            yield before + show(",\n".join(objects))
            before, after = ",\n", "\n]\n"
    yield after


def json_lines(answer: Answer) -> Iterator[str]:
    """An object a line, a page at a time."""
    iso = answer.settings.iso
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for page in answer.pages:
        lines = "".join(
            [f"{encode(document(record, answer.fields, iso=iso))}\n" for record in page]
        )
        yield shown(lines, screen=answer.screen, color=answer.color)


def shown(text: str, *, screen: bool, color: bool) -> str:
    """A JSON text as its place can take it: harmless to a screen, in colour where there is any."""
    text = safe.json_text(text) if screen else text
    return _TOKEN.sub(_colored, text) if color else text


def _colored(found: re.Match[str]) -> str:
    name, colon, text = found.groups()
    if colon:
        return f"\x1b[1;34m{name}\x1b[0m{colon}"
    return f"\x1b[{32 if name else 36}m{name or text}\x1b[0m"


def check_query(expression: str) -> None:
    """Raises Usage for a JMESPath expression that cannot work, with a caret where it goes wrong."""
    from jmespath import functions

    trees = [_compiled(expression).parsed]
    while trees:
        tree = trees.pop()
        if not isinstance(tree, dict):
            continue
        name = tree.get("value")
        if tree.get("type") == "function_expression" and (
            name not in functions.Functions.FUNCTION_TABLE
        ):
            raise _broken(f"no function '{name}'", expression, expression.find(str(name)))
        trees += reversed(tree.get("children", ()))


def searched(expression: str, value: Any) -> str:
    """What `expression` finds in `value`, as JSON. Raises Usage where the two do not fit."""
    from jmespath import exceptions

    try:
        found = _compiled(expression).search(value)
        return json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False)
    except exceptions.JMESPathError as problem:
        raise Usage(f"the query does not fit the answer: {_reason(problem)}") from None
    except (ValueError, TypeError, RecursionError):
        # A slice by steps of nothing; an infinite number; a function itself.
        raise Usage("the query finds what JSON cannot hold") from None


def _compiled(expression: str) -> Any:
    import jmespath
    from jmespath import exceptions

    try:
        return jmespath.compile(expression)
    except exceptions.EmptyExpressionError:
        raise Usage("the query is empty; expected a JMESPath expression") from None
    except exceptions.IncompleteExpressionError:
        raise _broken("it ends too soon", expression, len(expression)) from None
    except exceptions.LexerError as problem:
        raise _broken(problem.message, expression, problem.lex_position) from None
    except exceptions.ParseError as problem:
        where = problem.lex_position
        raise _broken(f"unexpected '{problem.token_value}'", expression, where) from None
    except exceptions.JMESPathError as problem:
        raise Usage(f"bad query: {_reason(problem)}") from None
    except (ValueError, RecursionError):
        raise Usage("bad query: it is nested too deeply, or holds too long a number") from None


def _broken(reason: str, expression: str, where: int) -> Usage:
    return Usage(f"bad query at column {where + 1}: {reason}\n  {expression}\n  {' ' * where}^")


def _reason(problem: Exception) -> str:
    words = " ".join(str(problem).split())
    return words if len(words) <= LONGEST_REASON else f"{words[:LONGEST_REASON]}…"


def xml(answer: Answer) -> Iterator[str]:
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
            documents = [document(record, answer.fields) for record in page]
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
    if kinds == {str} and _is_harmless("".join(values)):
        texts = values
    else:
        texts = _insides(values) if kinds == {dict} else list(map(_content, values))
    begin, end, empty = f"<{tag}>", f"</{tag}>", f"<{tag}/>"
    return [f"{begin}{text}{end}" if text else empty for text in texts]


def _is_harmless(text: str) -> bool:
    """Whether nothing needs escaping: asked of a whole column, faster than of its cells."""
    return text.isprintable() and not ("&" in text or "<" in text or ">" in text)


def _content(value: Any) -> str:
    if isinstance(value, dict):
        return _insides([value])[0]
    if isinstance(value, list):
        return "".join(f"<Item>{_content(item)}</Item>" for item in value)
    return _SPECIAL.sub(lambda found: _ESCAPED.get(found[0], "\ufffd"), plain(value))
