"""Markdown, as people write it, into a small neutral tree that every rendering prints with its own escaping.

A block is ``{"kind": "paragraph" | "heading" | "quote", "runs": [...]}`` or
``{"kind": "list", "ordered": bool, "items": [runs]}``; a run is ``{"text": ...}`` with ``"strong"``, ``"emphasis"`` or ``"href"``
where they apply. There is no raw HTML and no picture in the tree, so nothing that a narrative holds can become markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

Block = dict[str, Any]
Run = dict[str, Any]

_PARSER = MarkdownIt("commonmark", {"html": False}).disable("image")
_SAFE_LINKS = ("https://", "http://", "mailto:")


def blocks(markdown: str) -> list[Block]:
    """Return the blocks of a Markdown text, in order."""
    return list(_blocks(_PARSER.parse(markdown)))


def plain(parsed: list[Block]) -> str:
    """Return the words of the blocks without their markup, one line a paragraph or list item."""
    lines = [runs for block in parsed for runs in (block["items"] if block["kind"] == "list" else [block["runs"]])]
    return "\n".join("".join(run["text"] for run in runs) for runs in lines)


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    lists: list[Block] = []
    kind = "paragraph"
    for token in tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            lists.append({"kind": "list", "ordered": token.type.startswith("ordered"), "items": []})
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            finished = lists.pop()
            # A list inside a list is printed at its parent's level: three renderings need not agree on nesting.
            if lists:
                lists[-1]["items"].extend(finished["items"])
            else:
                yield finished
        elif token.type in {"heading_open", "blockquote_open"}:
            kind = "heading" if token.type == "heading_open" else "quote"
        elif token.type in {"heading_close", "blockquote_close"}:
            kind = "paragraph"
        elif token.type in {"inline", "fence", "code_block"}:
            found = _runs(token.children or []) if token.type == "inline" else _code(token.content.rstrip("\n"))
            if found and lists:
                lists[-1]["items"].append(found)
            elif found:
                yield {"kind": kind, "runs": found}


def _code(words: str) -> list[Run]:
    return [{"text": words}] if words else []


def _runs(tokens: list[Token]) -> list[Run]:
    runs: list[Run] = []
    strong, emphasis, href = 0, 0, ""
    for token in tokens:
        strong += (token.type == "strong_open") - (token.type == "strong_close")
        emphasis += (token.type == "em_open") - (token.type == "em_close")
        if token.type == "link_open":
            href = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            href = ""
        words = "\n" if token.type == "hardbreak" else " " if token.type == "softbreak" else token.content
        if words and token.type in {"text", "code_inline", "softbreak", "hardbreak", "html_inline"}:
            runs.append(_run(words, strong=strong > 0, emphasis=emphasis > 0, href=href))
    return runs


def _run(words: str, *, strong: bool, emphasis: bool, href: str) -> Run:
    run: Run = {"text": words}
    if strong:
        run["strong"] = True
    if emphasis:
        run["emphasis"] = True
    if href.startswith(_SAFE_LINKS):
        run["href"] = href
    return run
