"""JMESPath over json answers (https://jmespath.org)."""

from __future__ import annotations

from typing import Any

import jmespath
from jmespath import exceptions, functions

from addonctl.errors import Usage


def check(expression: str) -> None:
    """Raises Usage for an expression that cannot work, with a caret under where it goes wrong."""
    for name in _functions(_compiled(expression).parsed):
        if name not in functions.Functions.FUNCTION_TABLE:
            raise _broken(f"no function '{name}'", expression, expression.find(name))


def search(expression: str, value: Any) -> Any:
    """What `expression` finds in `value`. Raises Usage where the two do not fit."""
    try:
        return _compiled(expression).search(value)
    except exceptions.JMESPathError as problem:
        raise Usage(f"the query does not fit the answer: {_reason(problem)}") from None


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


def _functions(tree: Any) -> list[str]:
    if not isinstance(tree, dict):
        return []
    own = [str(tree["value"])] if tree.get("type") == "function_expression" else []
    return own + [name for child in tree.get("children", ()) for name in _functions(child)]


def _broken(reason: str, expression: str, where: int) -> Usage:
    return Usage(f"bad query at column {where + 1}: {reason}\n  {expression}\n  {' ' * where}^")


def _reason(problem: Exception) -> str:
    return " ".join(str(problem).split())
