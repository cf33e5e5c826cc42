"""Names that somebody else chose, made fit to be read in a mail."""

import re

from emails.addresses import one_line

LONGEST_NAME = 80
# Mail programs make links of these by themselves: nobody shall send links to others by calling themselves one.
LINK = re.compile(r"[/\\@]|\w\.\w|www\.", re.IGNORECASE)


def shown_name(name: str, *, longest: int = LONGEST_NAME) -> str:
    """One line without what would turn the text after it around; what is cut says so."""
    line = one_line(name[: 20 * longest], longest=longest + 1)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def greeted(name: str) -> str:
    """The name to greet somebody by; empty where it could be taken for an address."""
    return "" if LINK.search(name) else shown_name(name, longest=60)
