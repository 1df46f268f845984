"""JMESPath over json answers (https://jmespath.org)."""

from __future__ import annotations

import json
from typing import Any

import jmespath
from jmespath import exceptions, functions

from addonctl.errors import Usage

LONGEST_REASON = 300
"""Characters of the library's words that are shown: it repeats whole documents."""


def check(expression: str) -> None:
    """Raises Usage for an expression that cannot work, with a caret under where it goes wrong."""
    for name in _functions(_compiled(expression)):
        if name not in functions.Functions.FUNCTION_TABLE:
            raise _broken(f"no function '{name}'", expression, expression.find(name))


def search(expression: str, value: Any) -> str:
    """What `expression` finds in `value`, as JSON. Raises Usage where the two do not fit."""
    try:
        found = _compiled(expression).search(value)
        return json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False)
    except exceptions.JMESPathError as problem:
        raise Usage(f"the query does not fit the answer: {_reason(problem)}") from None
    except (ValueError, TypeError, RecursionError):
        # A slice by steps of nothing; an infinite number; a function itself.
        raise Usage("the query finds what JSON cannot hold") from None


def _compiled(expression: str) -> Any:
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


def _functions(compiled: Any) -> list[str]:
    """The functions that an expression calls, in their order."""
    names, trees = [], [compiled.parsed]
    while trees:
        tree = trees.pop()
        if isinstance(tree, dict):
            if tree.get("type") == "function_expression":
                names.append(str(tree["value"]))
            trees += reversed(tree.get("children", ()))
    return names


def _broken(reason: str, expression: str, where: int) -> Usage:
    return Usage(f"bad query at column {where + 1}: {reason}\n  {expression}\n  {' ' * where}^")


def _reason(problem: Exception) -> str:
    words = " ".join(str(problem).split())
    return words if len(words) <= LONGEST_REASON else f"{words[:LONGEST_REASON]}…"
