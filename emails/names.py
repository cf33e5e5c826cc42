"""Names that somebody else chose, made fit to stand in a mail."""

import re
import unicodedata

LONGEST_NAME = 80
# Mail programs make links of these by themselves: nobody shall send links to others by calling themselves one.
LINK = re.compile(r"[/\\@]|\w\.\w|www\.", re.IGNORECASE)


def one_line(text: str, *, longest: int = LONGEST_NAME) -> str:
    """Without line breaks, control characters and those that turn the direction of writing around; cut to a length."""
    # Longer ones are cut anyway: the rest need not be looked at.
    seen = text[: 20 * longest]
    shown = "".join(" " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char for char in seen)
    line = " ".join("".join(char for char in shown if not is_unseen(char)).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def is_unseen(char: str) -> bool:
    """Formatting characters, but for the two that emoji and some scripts are joined with."""
    return unicodedata.category(char) == "Cf" and char not in "\u200c\u200d"


def greeted(name: str) -> str:
    """The name to greet somebody by; empty where it could be taken for an address."""
    return "" if LINK.search(name) else one_line(name, longest=60)
