"""Plain text: a dialogue whose lines begin with a name, or a turn for each line."""

from __future__ import annotations

import re

from addonctl.transcripts import Transcript, Turn, speaker, transcript, turn

# At most four words, of which none ends a sentence. What has no blank after its colon, such as
# an address or the time of day, is no name.
_NAME = r"[^\W\d_][^\s:.!?]{0,29}\.?(?: [^\s:.!?]{1,29}\.?){0,3}"
_LINE = re.compile(rf"({_NAME}) ?:(?:\s+|$)")
_BREAK = re.compile(r"[\r\n]+")
# Within a line only what is surely a speaker begins another turn.
_INLINE = r" (?=(?:(?:Speaker|Agent|Customer|Caller|Operator)(?: \d+)?{more}) ?: )"

MOST_LINES = 200_000
"""What comes after as many is one line: a text of nothing but lines would take up all memory."""


def from_text(text: str) -> Transcript | None:
    found = transcript("plain", dialogue(text))
    return found if found.turns else None


def dialogue(text: str, *, inline: bool = False) -> list[Turn]:
    """The turns of a text; without times.

    If the first line, or most of all, begin with a name, each name begins a turn that goes on in
    the lines without one. `inline`: a known name also begins a turn within a line.
    """
    lines = _lines(text)
    named = [_LINE.match(line) for line in lines]
    if not named or not (named[0] or 2 * sum(map(bool, named)) > len(named)):
        return [turn((), line) for line in lines]
    if inline:
        known = sorted({re.escape(found[1]) for found in named if found})[:20]
        more = "".join(f"|{name}" for name in known)
        lines = _lines(re.sub(_INLINE.format(more=more), "\n", text))
    turns: list[tuple[str | None, list[str]]] = []
    for line in lines:
        found = _LINE.match(line)
        if found:
            turns.append((speaker(found[1]), [line[found.end() :]]))
        elif turns:
            turns[-1][1].append(line)
        else:
            turns.append((None, [line]))
    return [turn((), " ".join(filter(None, said)), speaker=who) for who, said in turns]


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, _BREAK.split(text, MOST_LINES)) if line]
