"""What the checks of the documents need to know of Markdown: fences, headings and links."""

import re
import sys
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*(.*)$")
NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$", re.MULTILINE)
MARK = re.compile(r"^<!-- run: (?P<folder>\S+?)(?:; needs: (?P<needs>[\w:./ -]+?))? -->$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: its first line's number, its language, the words behind it, its text."""

    line: int
    language: str
    words: list
    text: str


def pages():
    """README, CONTRIBUTING and everything in docs."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text):
    """The fenced blocks of a page, and the page's lines with the blocks' own lines emptied."""
    found, rest = [], []
    opened = None
    for number, line in enumerate(text.split("\n"), 1):
        fence = FENCE.match(line)
        if opened is None and fence:
            indent, marks, info = fence.groups()
            opened = (number, marks, len(indent), info.split(), [])
        elif opened is not None:
            start, marks, indent, info, lines = opened
            if fence and fence.group(2).startswith(marks) and not fence.group(3):
                found.append(Block(start, info[0] if info else "", info[1:], "\n".join(lines) + "\n"))
                opened = None
            else:
                lines.append(line[min(indent, len(line) - len(line.lstrip(" "))):])
        else:
            rest.append(line)
            continue
        rest.append("")
    if opened is not None:
        found.append(Block(opened[0], "never closed", [], ""))
    return found, rest


def mark(text):
    """How a page's blocks are run: the folder to copy (or `empty`) and what has to be there; None if they are not."""
    found = MARK.search(text)
    return found and (found["folder"], (found["needs"] or "").split())


def reason(block):
    """Why nobody runs a session, from the words behind `console`; empty if it says none."""
    return " ".join(block.words).partition("not run: ")[2]


def session(block):
    """The commands of a session: the line of each, the command, and the lines that it is shown to print."""
    found = []
    for number, line in enumerate(block.text.rstrip("\n").split("\n"), block.line + 1):
        if line.startswith("$ "):
            found.append((number, line[2:], []))
        elif found and found[-1][1].endswith("\\") and not found[-1][2]:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}", [])
        elif found:
            found[-1][2].append(line)
    return found


def anchors(lines):
    """The anchors that GitHub gives to a page's headings."""
    seen = {}
    for line in lines:
        heading = re.match(r"^#{1,6} +(.*?) *#*$", line)
        if not heading:
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1))
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        yield f"{slug}-{count}" if count else slug
