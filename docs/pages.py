"""The pages of the site that are made of what the program says of itself, as a hook of mkdocs.

Help topics and commands come from where the manual has them, and CHANGELOG.md, CONTRIBUTING.md and
the benchmarks' page from the checkout, so that nothing is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from addonctl.cli.commands import PROGRAM, Declared
from addonctl.docs import topics
from addonctl.docs.__main__ import CommandDoc

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[1]
PROJECT = {
    "Changes": ("changelog.md", "CHANGELOG.md"),
    "Working on it": ("contributing.md", "CONTRIBUTING.md"),
    "Benchmarks": ("benchmarks.md", "benchmarks/README.md"),
    "Reporting a vulnerability": ("reporting.md", "SECURITY.md"),
}
MENTION = re.compile(r"^<!-- topic: ([\w-]+) -->$", re.MULTILINE)
"""A line of a page written by hand where the parts of a topic go."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    nav = config.nav or []
    nav.append({"Help": [{topics.TOPICS[name].title: f"help/{name}.md"} for name in topics.NAMES]})
    program = CommandDoc(PROGRAM)
    own = {"addonctl": "commands/addonctl.md"}
    nouns = [{noun.path: f"commands/{noun.path}.md"} for noun in program.commands]
    nav.append({"Commands": [own, *nouns]})
    nav.append({"Project": [{title: page} for title, (page, _) in PROJECT.items()]})
    config.nav = nav
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    from mkdocs.structure.files import File

    for path, text in generated().items():
        files.append(File.generated(config, path, content=text))
    results = ROOT / "benchmarks" / "results" / "ratios.svg"
    files.append(File.generated(config, "results/ratios.svg", content=results.read_bytes()))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    return MENTION.sub(lambda found: parts(topics.TOPICS[found[1]]), markdown)


def generated() -> dict[str, str]:
    """Every page that is made, by its path."""
    program = CommandDoc(PROGRAM)
    pages = {f"help/{name}.md": topic_page(name) for name in topics.NAMES}
    for noun in (program, *program.commands):
        pages[f"commands/{noun.path or 'addonctl'}.md"] = command_page(noun)
    pages |= {page: project_page(source) for page, source in PROJECT.values()}
    return pages


def topic_page(name: str) -> str:
    shown = f"On a terminal: `addonctl help {name}`." if name != "files" else ""
    return f"# {topics.TOPICS[name].title}\n\n{shown}\n\n{parts(topics.TOPICS[name])}"


def parts(topic: topics.Topic) -> str:
    """A topic's paragraphs, terms and lines as Markdown."""
    texts = []
    for part in topic.parts:
        if isinstance(part, str):
            texts.append(prose(part))
        elif isinstance(part, list):
            texts.append("\n".join(("```text", *part, "```")))
        else:
            texts.append("\n\n".join(f"`{term}`\n:   {prose(text)}" for term, text in part))
    return "\n\n".join(texts) + "\n"


def command_page(noun: CommandDoc) -> str:
    """A noun with all its verbs; of the program itself, what every command takes."""
    inner = () if not noun.words else tuple(each for each in noun.walk() if each != noun)
    return "\n\n".join(["\n\n".join(section(noun, 1)), *map(part_of_noun, inner)]) + "\n"


def part_of_noun(verb: CommandDoc) -> str:
    return "\n\n".join(section(verb, 2))


def section(each: CommandDoc, level: int) -> Iterator[str]:
    """What the manual says of a command, as Markdown."""
    yield f"{'#' * level} addonctl {each.path}".rstrip()
    yield "\n\n".join(prose(text) for text in each.description.split("\n\n"))
    if not each.commands:
        usage = " ".join(argument.shown for argument in each.arguments)
        yield f"```text\naddonctl {each.path} [OPTIONS] {usage}\n```".replace(" \n", "\n")
    members = [(inner.path, inner.summary) for inner in each.commands]
    members += [(f"{each.path} {name}", summary) for name, summary in each.aliases.items()]
    if members:
        rows = (f"| `addonctl {path}` | {cell(summary)} |" for path, summary in members)
        yield "\n".join(("| command | |", "|---|---|", *rows))
    if each.arguments:
        rows = (f"| `{one.metavar}` | {cell(one.help)} |" for one in each.arguments)
        yield "\n".join(("| argument | |", "|---|---|", *rows))
    options = each.options or (() if each.words else each.common)
    if options:
        yield "\n".join(("| option | |", "|---|---|", *map(option_row, options)))
    if each.fields:
        yield f"Fields: {', '.join(f'`{name}`' for name in each.fields)}."
    if each.examples:
        lines = (f"# {what}\n{line}" for what, line in each.examples)
        yield "\n".join(("```sh", *lines, "```"))


def option_row(option: Declared) -> str:
    names = ", ".join(f"`{name}`" for name in option.flags)
    metavar = f" `{cell(option.metavar)}`" if option.metavar else ""
    return f"| {names}{metavar} | {cell(option.help)} |"


def prose(text: str) -> str:
    """Text of ours with nothing in it that Markdown would read."""
    pieces = re.split(r"(`[^`]*`)", text)
    escaped = (re.sub(r"([*_<\[])", r"\\\1", piece) for piece in pieces[::2])
    kept = pieces[1::2]
    return "".join(text + (kept[n] if n < len(kept) else "") for n, text in enumerate(escaped))


def cell(text: str) -> str:
    return prose(text).replace("|", "\\|")


def project_page(source: str) -> str:
    """A file of the checkout, with links to what the site does not have as plain text."""
    there = {origin: page for page, origin in PROJECT.values()}
    folder = Path(source).parent

    def link(found: re.Match[str]) -> str:
        text, target = found.groups()
        if "://" in target or target.startswith("#") or (folder / target).suffix == ".svg":
            return found[0]
        page = there.get((folder / target).as_posix())
        return f"[{text}]({page})" if page else text

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)]+)\)", link, (ROOT / source).read_text("utf-8"))
