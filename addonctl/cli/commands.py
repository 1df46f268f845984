"""What a command is, as plain values: a noun holds verbs, a verb is a function.

What a function takes is told by its parameters' types: a set of addonctl.cli.options brings all
its options and arrives as one frozen value, `State` is the run, and anything else is an argument or
option of its own (`Annotated[…, Argument(…)]`). A noun's module is imported when it is named.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast, get_type_hints

from addonctl.cli.options import Argument, Common, Option, Output
from addonctl.cli.state import State

if TYPE_CHECKING:
    from addonctl.models import Record

Function = TypeVar("Function", bound=Callable[..., None])

Examples = tuple[tuple[str, str], ...]
"""What a line is for, and the line; each works as it stands with ADDONCTL_PROFILE=sandbox."""

# SIDs of the sandbox's sample data, so that the examples in help and manual work as they stand.
CALL = "RE73640dced2490fa811f54a87139210ee"
TRANSCRIPT = f"{CALL} XR68b652bc56ffb143af7cdb76f8cbc0ef"
TEXT = f"{TRANSCRIPT} XH490b86aebe891b7656eebf1333bc7523"
CONFERENCE = "RE23840fa2d808dc19f70bedc90fd14853"


class Declared(NamedTuple):
    """One option or argument of a command: the name of its value, its type, how it is typed."""

    name: str
    type: Any
    default: Any
    typed: Option | Argument

    @property
    def optional(self) -> bool:
        """Whether it may be left out."""
        return self.default is not inspect.Parameter.empty


class Verb:
    """A command: the function that does it, the kind of record it answers with, examples."""

    def __init__(
        self,
        function: Callable[..., None],
        rows: type[Record] | None = None,
        examples: Examples = (),
    ) -> None:
        self.function = function
        self.rows = rows
        self.examples = examples
        self.help = inspect.getdoc(function) or ""

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The function's parameters, and their types."""
        hints = get_type_hints(self.function, include_extras=True)
        return {name: kind for name, kind in hints.items() if name != "return"}

    @cached_property
    def own(self) -> list[Declared]:
        """Its arguments, and its options but those that every command takes."""
        found: list[Declared] = []
        for name, kind in self.parameters.items():
            if _is_set(kind):
                found += _declared(kind)
            elif kind is not State:
                default = inspect.signature(self.function).parameters[name].default
                found.append(Declared(name, kind.__origin__, default, kind.__metadata__[0]))
        return found

    @cached_property
    def common(self) -> list[Declared]:
        """The options that every command takes, but those that mean something else here."""
        taken = {each.typed.flag for each in self.own if isinstance(each.typed, Option)}
        return [each for each in COMMON if _option(each).flag not in taken]

    def call(self, state: State, **given: Any) -> None:
        """Do what was typed, with each set as one value."""
        state.take_common({each.name: given[each.name] for each in self.common})
        if Output not in self.parameters.values():
            state.settings.unread()
        values: dict[str, Any] = {}
        for name, kind in self.parameters.items():
            if kind is State:
                values[name] = state
            elif _is_set(kind):
                values[name] = state.filled(kind(**{field: given[field] for field in kind._fields}))
            else:
                values[name] = given[name]
            if kind is Output:
                state.output = values[name]
        self.function(**values)


class Noun:
    """A group of verbs, and of nouns that are imported when they are named: module and help."""

    def __init__(
        self, help: str, nouns: Mapping[str, tuple[str, str]] | None = None, examples: Examples = ()
    ) -> None:
        self.help = help
        self.nouns = nouns or {}
        self.examples = examples
        self.verbs: dict[str, Verb] = {}
        self.rows: None = None

    def verb(
        self, name: str, *, rows: type[Record] | None = None, examples: Examples = ()
    ) -> Callable[[Function], Function]:
        """Make a function a verb of this noun."""

        def declare(function: Function) -> Function:
            self.verbs[name] = Verb(function, rows, examples)
            return function

        return declare

    @property
    def names(self) -> list[str]:
        return [*self.verbs, *self.nouns]

    def member(self, name: str) -> Noun | Verb | None:
        """The verb, or the noun, of that name."""
        if name in self.nouns:
            return cast("Noun | Verb", import_module(self.nouns[name][0]).command)
        return self.verbs.get(name)

    def summaries(self) -> list[tuple[str, str]]:
        """Each member's name and its one line, nothing imported."""
        own = [(name, first_sentence(verb.help)) for name, verb in self.verbs.items()]
        return [*own, *((name, line) for name, (_, line) in self.nouns.items())]


def first_sentence(help: str) -> str:
    """What a command does, as a line in a list."""
    return " ".join(help.split("\n\n")[0].split()).removesuffix(".")


def _is_set(kind: Any) -> bool:
    """Whether a parameter's type is a set of options."""
    return isinstance(kind, type) and hasattr(kind, "_field_defaults")


def _declared(kind: Any) -> list[Declared]:
    """The options of a set."""
    hints = get_type_hints(kind, include_extras=True)
    return [
        Declared(name, hints[name].__origin__, default, hints[name].__metadata__[0])
        for name, default in kind._field_defaults.items()
    ]


def _option(declared: Declared) -> Option:
    return cast(Option, declared.typed)


COMMON = _declared(Common)
