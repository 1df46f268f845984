"""Documents as the API has them: JSON, JSON lines and XML; and JMESPath over JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from addonctl import dates
from addonctl.errors import AddonctlError, Usage
from addonctl.models import Field, Record
from addonctl.output import Answer, safe
from addonctl.output.rows import plain

IN_MEMORY = 1 << 20  # bytes of a document that is held back; a longer one waits in a file

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_INDENTED = json.JSONEncoder(ensure_ascii=False, indent=2)
_HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse>"
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
# A string, which is a name if a colon follows, or a word or number of its own.
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(\b(?:true|false|null)\b|-?\d[\d.eE+-]*)')


def document(record: Record, fields: Sequence[Field], *, iso: bool = False) -> dict[str, Any]:
    """The API's own document, or of it the fields asked for, derived dates in its own form.

    With `iso` all dates are as 2026-11-21T18:43:00Z.
    """
    found = record.document if isinstance(record.document, dict) else dict(record.document)
    if fields:
        found = {field.name: found.get(field.name) for field in fields}
        for field in fields:
            if field.origin:
                moment = field.date(record.document)
                found[field.name] = moment and dates.rfc2822(moment)
    if iso:
        found = dict(found)  # the record keeps its own
        for field in record.FIELDS:
            if field.kind == "date" and isinstance(value := found.get(field.name), str):
                found[field.name] = dates.iso(value, zulu=True)
    return found


def json_array(answer: Answer) -> Iterator[str]:
    """An object a line in a pipe, indented on a terminal; what a query found comes indented."""
    expression = answer.settings.query
    picked = partial(document, fields=answer.fields, iso=answer.settings.iso)
    show = partial(shown, screen=answer.screen, color=answer.color)
    encode = _INDENTED.encode if answer.screen else _COMPACT.encode
    if answer.single or expression is not None:
        found: Any = list(map(picked, chain(*answer.pages)))
        found = found[0] if answer.single else found
        yield show(encode(found) if expression is None else query(expression)(found)) + "\n"
        return
    before, after = "[\n", "[]\n"
    for page in filter(None, answer.pages):
        yield before + show(",\n".join([encode(picked(record)) for record in page]))
        before, after = ",\n", "\n]\n"
    yield after


def json_lines(answer: Answer) -> Iterator[str]:
    """An object a line, a page at a time."""
    picked = partial(document, fields=answer.fields, iso=answer.settings.iso)
    for page in answer.pages:
        text = "".join([f"{_COMPACT.encode(picked(record))}\n" for record in page])
        yield shown(text, screen=answer.screen, color=answer.color)


def shown(text: str, *, screen: bool, color: bool) -> str:
    """A JSON text as its place can take it: harmless to a screen, in colour where there is any."""

    def colored(found: re.Match[str]) -> str:
        name, colon, text = found.groups()
        if colon:
            return f"\x1b[1;34m{name}\x1b[0m{colon}"
        return f"\x1b[{32 if name else 36}m{name or text}\x1b[0m"

    text = safe.json_text(text) if screen else text
    return _TOKEN.sub(colored, text) if color else text


def query(expression: str) -> Callable[[Any], str]:
    """What gives as JSON whatever a JMESPath expression finds in a value.

    Raises Usage for an expression that cannot work, with a caret where it goes wrong; what is given
    back does where the two do not fit.
    """
    import jmespath
    from jmespath import exceptions, functions

    def broken(reason: str, at: int) -> Usage:
        return Usage(f"bad query at column {at + 1}: {reason}\n  {expression}\n  {' ' * at}^")

    try:
        compiled = jmespath.compile(expression)
    except exceptions.EmptyExpressionError:
        raise Usage("the query is empty; expected a JMESPath expression") from None
    except exceptions.IncompleteExpressionError:
        raise broken("it ends too soon", len(expression)) from None
    except exceptions.LexerError as problem:
        raise broken(problem.message, problem.lex_position) from None
    except exceptions.ParseError as problem:
        raise broken(f"unexpected '{problem.token_value}'", problem.lex_position) from None
    except (ValueError, RecursionError):
        raise Usage("bad query: it is nested too deeply, or holds too long a number") from None
    trees = [compiled.parsed]
    while trees:
        tree = trees.pop()
        if isinstance(tree, dict):
            name = str(tree.get("value"))
            known = functions.Functions.FUNCTION_TABLE
            if tree.get("type") == "function_expression" and name not in known:
                raise broken(f"no function '{name}'", expression.find(name))
            trees += reversed(tree.get("children", ()))

    def search(value: Any) -> str:
        try:
            found = compiled.search(value)
            return json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False)
        except exceptions.JMESPathError as problem:
            words = " ".join(str(problem).split())
            reason = words if len(words) <= 300 else f"{words[:300]}…"  # it repeats documents
            raise Usage(f"the query does not fit the answer: {reason}") from None
        except (ValueError, TypeError, RecursionError):
            # A slice by steps of nothing; an infinite number; a function itself.
            raise Usage("the query finds what JSON cannot hold") from None

    return search


def xml(answer: Answer) -> Iterator[str]:
    """Tags are the field names in PascalCase, a null is an empty element.

    XML 1.0 cannot hold control characters (other than tab, newline and return) and lone
    surrogates in any form: U+FFFD stands in their place. A key that makes no tag is left out.
    """
    around = "" if answer.single else _tag(answer.kind.COLLECTION)
    begin, end = (f"{_HEAD}<{around}>", f"</{around}>") if around else (_HEAD, "")
    for page in filter(None, answer.pages):
        try:
            elements = _elements(answer.kind.ELEMENT, [document(it, answer.fields) for it in page])
        except RecursionError:
            raise AddonctlError("the answer is nested too deeply for xml") from None
        text = "".join(elements)
        yield begin + (safe.xml_text(text) if answer.screen else text)
        begin = ""
    yield (f"{_HEAD}<{around}/>" if begin and around else end) + "</TwilioResponse>\n"


@lru_cache(maxsize=1024)
def _tag(name: str) -> str:
    """`add_on_sid` as AddOnSid; empty where that is no name for an element."""
    tag = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return tag if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", tag) else ""


def _elements(tag: str, values: Sequence[Any]) -> list[str]:
    """An element for each value: by columns, as pages of documents with the same keys allow.

    That nothing needs escaping is asked of a whole column, faster than of its cells.
    """
    kinds = set(map(type, values))
    if kinds == {dict} and all(value.keys() == values[0].keys() for value in values):
        columns = [
            _elements(inner, [value[name] for value in values])
            for name in values[0]
            if (inner := _tag(name))
        ]
        texts = list(map("".join, zip(*columns, strict=True))) if columns else [""] * len(values)
    elif (
        kinds == {str}
        and (joined := "".join(values)).isprintable()
        and not ("&" in joined or "<" in joined or ">" in joined)
    ):
        texts = list(values)
    else:
        texts = list(map(_content, values))
    begin, end, empty = f"<{tag}>", f"</{tag}>", f"<{tag}/>"
    return [f"{begin}{text}{end}" if text else empty for text in texts]


def _content(value: Any) -> str:
    """What the element of a single value holds."""
    if isinstance(value, Mapping):
        return "".join([_elements(tag, [it])[0] for key, it in value.items() if (tag := _tag(key))])
    if isinstance(value, list):
        return "".join([f"<Item>{_content(item)}</Item>" for item in value])
    return _SPECIAL.sub(lambda found: _ESCAPED.get(found[0], "\ufffd"), plain(value))


def spooled(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A document in pieces, the first after the last has come: in a file if it is long.

    Raises AddonctlError if the temporary folder will not take it.
    """
    from tempfile import SpooledTemporaryFile

    try:
        with SpooledTemporaryFile(IN_MEMORY) as spool:
            for chunk in chunks:
                spool.write(chunk)
            spool.seek(0)
            yield from iter(partial(spool.read, 1 << 18), b"")
    except OSError as problem:
        raise AddonctlError(
            f"cannot keep the document in a temporary file: {problem.strerror or problem}",
            hint="TMPDIR names the folder; jsonl and csv need none",
        ) from None
