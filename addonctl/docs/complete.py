"""What can stand at the cursor: the answers of `addonctl __complete`, for the scripts in scripts/.

It runs at every TAB, so it loads little: the words of words.json, and the history of lists and
config.toml only where they count. A shell gives its name, and then

    bash        the line up to the cursor, and what readline will replace of it
    zsh, fish   the words after the program's name; the last, which may be empty, is being typed
    powershell  what will be replaced, and the same words; a dot stands before the first and the
                last of all, for PowerShell 5.1 does not hand on what is empty

and reads lines. The first says what follows (`words`; `list`, of which several may stand with
commas between; `file` or `folder`, which the shell knows best itself), and what the word begins
with that is none of it, such as `--format=`. PowerShell, which needs neither, has no such line.
"""

from __future__ import annotations

import json

from addonctl.docs import data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from addonctl.history import Shown

SCRIPTS = {
    "bash": "addonctl.bash",
    "zsh": "_addonctl",
    "fish": "addonctl.fish",
    "powershell": "addonctl.ps1",
}

_LEVELS = ("RE", "XR", "XH")


def script(shell: str) -> str:
    """The completion script of a shell. Raises Usage for one that is not of SCRIPTS."""
    if shell not in SCRIPTS:
        from addonctl.errors import Usage

        raise Usage(f"no completion for '{shell}'; known: {', '.join(SCRIPTS)}")
    return data(f"scripts/{SCRIPTS[shell]}").decode()


def answer(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """The lines for the shell that `arguments` begin with. Raises whatever goes wrong."""
    shell, *words = arguments
    raw = replaced = quote = ""
    if shell == "bash":
        raw, replaced = words
        if raw.removesuffix(replaced).rstrip().endswith(("<", ">")):
            return "file\t\n"
        (_, *words), quote = _split(raw)
    elif shell == "fish":
        words[-1] = _split(words[-1])[0][-1]
    elif shell == "powershell":
        replaced, *words, raw = words
        replaced, raw = replaced[1:], raw[1:]
        words.append(raw.strip("'\""))
    kind, prefix, rows = CommandLine(words[:-1], environment).offers(words[-1])
    typed = words[-1].removeprefix(prefix)
    # What stays of the word; of one that readline broke at `=`, what stands before that.
    kept = len(_split(raw.removesuffix(replaced))[0][-1]) if raw.endswith(replaced) else 0
    texts = {word: f"{prefix}{word}"[kept:] for word in rows if word.startswith(typed)}
    if shell == "zsh":
        lines = [f"{kind}\t{len(prefix)}"]
        for word, about in rows.items():
            word = word.replace("\\", "\\\\").replace(":", "\\:")
            lines.append(f"{word}:{about}" if about else word)
    elif shell == "fish":
        lines = [f"{kind}\t{prefix}\t{typed}"]
        for word, about in rows.items():
            # Left to itself fish looks for what was typed in the descriptions, too.
            rest = iter(word.lower())
            if all(letter in rest for letter in typed.lower()):
                lines.append(f"{prefix}{word}\t{about}")
    elif shell == "bash":
        lines = [f"{kind}\t{prefix[kept:]}", *(_for_bash(text, quote) for text in texts.values())]
    else:
        lines = []
        for word, text in texts.items():
            bare = all(each.isalnum() or each in "_.:=/+-" for each in text)
            text = text if bare else "'" + text.replace("'", "''") + "'"
            lines.append(f"{text}\t{word}\t{rows[word] or word}")
    return "".join(f"{line}\n" for line in lines)


class CommandLine:
    """A command line up to the word that is being typed: its command, and what that was given."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._table = json.loads(data("words.json"))
        self._path = ""
        self._operands: list[str] = []
        self._only_operands = False
        self._given: dict[str, str] = {}
        self._pending: dict[str, Any] | None = None
        for word in words:
            name, equals, value = word.partition("=")
            if self._pending:
                self._given[self._pending["names"][-1]] = word
                self._pending = None
            elif self._only_operands or word == "-" or not word.startswith("-"):
                if self._command(self._path)["commands"]:
                    self._path = f"{self._path} {word}".strip()
                else:
                    self._operands.append(word)
            elif word == "--":
                self._only_operands = True
            else:
                found: list[tuple[str, str | None]] = [(name, value if equals else None)]
                if not word.startswith("--"):
                    # Switches in a row, the last of which may be an option with its value.
                    places = enumerate(word[1:], start=2)
                    found = [(f"-{letter}", word[place:] or None) for place, letter in places]
                for name, given in found:
                    if option := self._option(name):
                        if given is None:
                            self._pending = option
                        else:
                            self._given[option["names"][-1]] = given
                        break

    def offers(self, current: str) -> tuple[str, str, dict[str, str]]:
        """What `current` may become: `words`, `list`, `file` or `folder`, what it begins with
        that stays, and words that may follow that, each with what is said of it.
        """
        command, prefix = self._command(self._path), ""
        name, equals, _ = current.partition("=")
        if not current.startswith("--"):
            name, equals = current[:2], ""
        kind, rows = "words", {}
        if self._pending:
            kind, rows = self._pending["value"]
        elif self._only_operands or not current.startswith("-"):
            if command["commands"]:
                rows = command["commands"]
            elif command["many"] or not self._operands:
                kind, rows = command["argument"]
        elif name != current and (option := self._option(name)):
            prefix, (kind, rows) = name + equals, option["value"]
        else:
            rows = {name: each["about"] for each in self._options() for name in each["names"]}
        typed = current.removeprefix(prefix)
        if kind in ("file", "folder"):
            return kind, prefix, {}
        if kind == "list":
            before = typed[: typed.rfind(",") + 1]
            rows = {word: rows[word] for word in rows if word not in before.split(",")}
            return kind, prefix + before, rows
        if kind == "sort" and typed.startswith("-"):
            rows = {f"-{word}": about for word, about in rows.items()}
        elif kind == "help":
            members = self._command(" ".join(self._operands))["commands"]
            rows = members if self._operands else rows | members
        elif kind == "profile":
            profiles = self._config().profiles
            rows = rows | {name: profile.account for name, profile in profiles.items()}
        elif kind == "address":
            rows = self._addresses(list(rows), typed)
        elif kind == "seen":
            (what,) = rows
            seen = (word for each in self._history() for word in each.words(what))
            rows = dict.fromkeys(seen, "")
            if what in ("XB", "XE"):
                from addonctl.addresses import KNOWN_ADD_ONS

                named = {**KNOWN_ADD_ONS, **self._config().add_ons}
                rows |= {name: sid for sid, name in named.items() if sid.startswith(what)}
        return "words", prefix, rows

    def _command(self, path: str) -> dict[str, Any]:
        """What can follow the words of a command; nothing after words that are none."""
        found = self._table["commands"].get(path)
        if isinstance(found, str):  # another name of a command whose place is elsewhere
            found = self._table["commands"][found]
        return found or {"commands": {}, "options": [], "argument": ("", {}), "many": False}

    def _options(self) -> list[dict[str, Any]]:
        return [self._table["options"][each] for each in self._command(self._path)["options"]]

    def _option(self, name: str) -> dict[str, Any] | None:
        """The option of that name, if it takes a value."""
        named = (each for each in self._options() if name in each["names"] and each["value"][0])
        return next(named, None)

    def _addresses(self, kinds: list[str], typed: str) -> dict[str, str]:
        """SIDs that the last lists showed, each under the parents that stand before it."""
        above, depth = ["", "", ""], 0
        for sid in "/".join(self._operands).split("/"):
            if sid[:2] in _LEVELS:
                depth = _LEVELS.index(sid[:2]) + 1
                above[depth - 1 :] = [sid, "", ""][: 4 - depth]
        whole = "/" in typed
        level = typed.count("/") + 1 if whole else min(depth + 1, len(kinds))
        if not whole and not kinds[level - 1].startswith(typed[:2]):
            level = next((n for n, kind in enumerate(kinds, 1) if kind == typed[:2]), 0)
        if not 0 < level <= len(kinds):
            return {}
        rows: dict[str, str] = {}
        for seen in self._history():
            sids = seen.address.split("/")
            if len(sids) >= level and (whole or sids[: level - 1] == above[: level - 1]):
                word = "/".join(sids[:level]) if whole else sids[level - 1]
                # What is said of a result says nothing of its recording.
                rows[word] = rows.get(word) or (seen.about if len(sids) == level else "")
        *parents, beginning = typed.split("/")
        for address in self._archived(level, beginning, parents if whole else above):
            rows.setdefault(address if whole else address.split("/")[-1], "in the archive")
        return {word: about for word, about in rows.items() if word not in self._operands}

    def _archived(self, level: int, beginning: str, above: Sequence[str]) -> Iterable[str]:
        """What the archive holds that is named, or remembered for the profile."""
        from addonctl.files import state_folder

        place = self._given.get("--archive") or self._environment.get("ADDONCTL_ARCHIVE")
        memory = state_folder() / "archives.json"
        if not place and memory.exists():
            known = json.loads(memory.read_bytes())
            place = next(filter(None, map(known.get, self._whose())), None)
        if not place:
            return []
        import sqlite3

        from addonctl.archive.known import at_cursor

        try:
            return at_cursor(place, level, beginning, above)
        except sqlite3.Error:
            return []

    def _history(self) -> Iterable[Shown]:
        """What the last lists showed of the account that the program itself would choose."""
        _, account = self._whose()
        if not account or self._environment.get("ADDONCTL_NO_HISTORY"):
            return []
        from addonctl import history

        return history.recall(account)

    def _whose(self) -> tuple[str, str]:
        """The profile and the account that the program itself would choose, as far as is known."""
        account = self._given.get("--account")
        profile = self._given.get("--profile") or self._environment.get("ADDONCTL_PROFILE")
        if not account and not profile:
            account = self._environment.get("TWILIO_ACCOUNT_SID")
        if not account and profile != "sandbox":
            config = self._config()
            profile = profile or config.active
            account = config.profiles[profile].account if profile in config.profiles else None
        if not account and profile == "sandbox":
            account = self._table["sandbox"]
        return profile or "", account or ""

    def _config(self) -> Any:
        """What config.toml says, whose parser is loaded only where there is one."""
        from addonctl.files import config_folder

        folder = config_folder(self._environment)
        if not (folder / "config.toml").exists():
            from types import SimpleNamespace

            return SimpleNamespace(active=None, profiles={}, add_ons={})
        from addonctl.profiles.config import ConfigFile

        return ConfigFile(folder).read()


def _split(line: str) -> tuple[list[str], str]:
    """The words of a command line as sh reads them, the last one as far as it goes, and the quote
    that is still open there.
    """
    words, quote, escaped, begun = [""], "", False, False
    for character in line:
        if character.isspace() and not quote and not escaped:
            words += [""] if begun else []
            begun = False
            continue
        begun = True
        if character == "\\" and quote != "'" and not escaped:
            escaped = True
        elif character in "'\"" and quote in ("", character) and not escaped:
            quote = "" if quote else character
        else:
            words[-1] += character
            escaped = False
    return words, quote


def _for_bash(text: str, quote: str) -> str:
    """`text` so that bash reads it as it is, inside the quote that is open, if one is."""
    if quote == "'":
        return text.replace("'", "'\\''")
    if quote:
        return "".join(f"\\{each}" if each in '\\"$`' else each for each in text)
    return "".join(each if each.isalnum() or each in "_.,:=+/@-%" else f"\\{each}" for each in text)
