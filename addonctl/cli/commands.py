"""What a command is, as plain values: a noun holds verbs, a verb is a function; and the nouns.

What a function takes, after the State of the run, is told by its parameters' types: a set of
addonctl.cli.options brings all its options and arrives as one frozen value, and any other is an
argument or option of its own, declared in place of its default. A noun's module is imported when
it is named.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from itertools import chain
from typing import Any, TypeVar, cast, get_type_hints

from addonctl.cli.options import Common, OptionSet, Output, Typed
from addonctl.cli.state import State
from addonctl.models import Record

Function = TypeVar("Function", bound=Callable[..., None])

# SIDs of the sandbox's sample data, so that the examples in help and manual work as they stand.
CALL = "RE73640dced2490fa811f54a87139210ee"
TRANSCRIPT = f"{CALL} XR68b652bc56ffb143af7cdb76f8cbc0ef"
TEXT = f"{TRANSCRIPT} XH490b86aebe891b7656eebf1333bc7523"
CONFERENCE = "RE23840fa2d808dc19f70bedc90fd14853"


class Declared:
    """One option or argument of a command: the name of its value, its type, how it is typed.

    `flags` are the short one, if any, and the long one; an argument has none. `metavar` stands for
    the value; a switch has none. `shown` is how all that stands in a line of usage.
    """

    def __init__(self, name: str, kind: Any, typed: Typed) -> None:
        self.name, self.type, self.default = name, kind, typed.usual
        self.metavar, self.help, self.shown = typed.metavar, typed.help, f"[{typed.metavar}]"
        self.flags: tuple[str, ...] = ()
        if typed.flags:
            short, long = typed.flags
            self.flags = tuple(filter(None, (short, long or f"--{name.replace('_', '-')}")))
            self.shown = f"{', '.join(self.flags)} {typed.metavar}".strip()
        elif kind is str and typed.usual is None:
            self.default, self.shown = inspect.Parameter.empty, typed.metavar
        elif typed.metavar[0] == "[":
            self.shown = typed.metavar
        if not typed.help and "RE…" in typed.metavar:
            self.help = "Which; see: addonctl help addresses."


def declared_in(options: type[OptionSet]) -> list[Declared]:
    """The options of a set, and of those in it."""
    hints, found = get_type_hints(options), list[Declared]()
    for name, it in options.members().items():
        if isinstance(it, OptionSet):
            found += declared_in(type(it))
        else:
            found.append(Declared(name, hints[name], it))
    return found


COMMON = [each for each in declared_in(Common) if each.name != "version"]
"""What every command takes."""


class Verb:
    """A command: the function that does it, the kind of record it answers with, examples."""

    def __init__(self, function: Callable[..., None], rows: type[Record] | None = None) -> None:
        self.function = function
        self.rows = rows
        self.examples: Sequence[tuple[str, str]] = vars(function).get("examples", ())
        self.help = inspect.getdoc(function) or ""

    @cached_property
    def parameters(self) -> list[inspect.Parameter]:
        """What the function takes, but for the State, which is its first."""
        return list(inspect.signature(self.function, eval_str=True).parameters.values())[1:]

    @cached_property
    def own(self) -> list[Declared]:
        """Its arguments, and its options but those that every command takes.

        Those of Output, where it answers with records, follow its sets unless it says where.
        """
        typed = [each for each in self.parameters if isinstance(each.default, Typed)]
        sets = [each.annotation for each in self.parameters if each not in typed]
        if self.rows and Output not in sets:
            sets.append(Output)
        others = [Declared(each.name, each.annotation, each.default) for each in typed]
        return [*chain.from_iterable(map(declared_in, sets)), *others]

    @cached_property
    def common(self) -> list[Declared]:
        """The options that every command takes, but those that mean something else here."""
        taken = {each.name for each in self.own}
        return [each for each in COMMON if each.name not in taken]

    def call(self, state: State, **given: Any) -> None:
        """Do what was typed, with each set as one value."""
        state.take_common({each.name: given[each.name] for each in self.common})
        if given.keys() >= Output.members().keys():
            state.output = Output.of(given)
        values = {
            each.name: given[each.name]
            if isinstance(each.default, Typed)
            else each.annotation.of(given)
            for each in self.parameters
        }
        self.function(state, **values)


def example(what: str, line: str) -> Callable[[Function], Function]:
    """Show in a verb's help what a `line` is for; it works as it stands on the sandbox's data."""

    def note(function: Function) -> Function:
        vars(function).setdefault("examples", []).insert(0, (what, line))  # the last comes first
        return function

    return note


class Noun:
    """A group of verbs, and of nouns that are imported when they are named: module and help."""

    own: Sequence[Declared] = ()
    common: Sequence[Declared] = COMMON
    rows: None = None

    examples: Sequence[tuple[str, str]] = ()

    def __init__(self, help: str, nouns: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.help = help
        self.nouns = nouns or {}
        self.verbs: dict[str, Verb] = {}

    def verb(
        self, name: str, *, rows: type[Record] | None = None
    ) -> Callable[[Function], Function]:
        """Make a function a verb of this noun."""

        def declare(function: Function) -> Function:
            self.verbs[name] = Verb(function, rows)
            return function

        return declare

    @property
    def members(self) -> dict[str, str]:
        """Each member's name and its one line, nothing imported."""
        first = {name: verb.help.split("\n\n")[0] for name, verb in self.verbs.items()}
        own = {name: " ".join(line.split()).removesuffix(".") for name, line in first.items()}
        return own | {name: line for name, (_, line) in self.nouns.items()}

    def member(self, name: str) -> Noun | Verb | None:
        """The verb, or the noun, of that name."""
        if name not in self.nouns:
            return self.verbs.get(name)
        module, _, attribute = self.nouns[name][0].partition(":")
        return cast("Noun | Verb", getattr(import_module(module), attribute or "command"))

    def call(self, state: State, **given: Any) -> None:
        """Note what was typed before the verb."""
        state.take_common(given)


NOUNS = {
    "results": ("addonctl.cli.results", "What add-ons made of recordings"),
    "payloads": ("addonctl.cli.payloads", "The files of a result"),
    "recordings": ("addonctl.cli.results:recordings", "Which recordings there are"),
    "archive": ("addonctl.cli.archive", "What outlives the 30 days"),
    "auth": ("addonctl.cli.auth", "Logins, kept in the system's keyring"),
    "config": ("addonctl.cli.config", "Settings without secrets"),
    "sandbox": ("addonctl.cli.sandbox", "A pretend account to try things on"),
    "completion": ("addonctl.cli.help:print_script", "Print the completion script of a shell"),
    "help": ("addonctl.cli.help:show_help", "Help on a topic or a command"),
}
"""By name: the module of each, imported when it is named, and one line of help."""

PROGRAM = Noun("Inspect, save and delete the results of Twilio's recording add-ons.", nouns=NOUNS)
PROGRAM.examples = (
    ("every add-on result of every recording", "addonctl results list --all"),
    ("what will be gone within three days", "addonctl results list --all --expiring-within 3d"),
)
# It alone tells its version.
PROGRAM.common = declared_in(Common)
