"""External ids in addresses. They may hold anything, slashes too, and end like another address of the API.

Written plainly an address is read from its end: `…/clients/a/scores` are the scores of `a`. Written as `~` and the
id's base64url, without padding, an id is taken as it is; a plain id that could be read so is to be written so.
"""

import base64
import binascii
import re

from django.urls import register_converter

MARK = "~"
PLAIN = re.compile(r"(?!\.{1,2}\Z)[\w@.+:-]+", re.ASCII)


class ExternalIdConverter:
    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        return read_id(value)

    def to_url(self, value: str) -> str:
        return written_id(value)


def read_id(written: str) -> str:
    """What is not what `written_id` writes stands for itself."""
    if not written.startswith(MARK):
        return written
    code = written.removeprefix(MARK)
    try:
        read = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return written
    return read if read and _encoded(read) == written else written


def written_id(external_id: str) -> str:
    """The plain id where every program passes it on as it is, else its base64url."""
    return external_id if PLAIN.fullmatch(external_id) else _encoded(external_id)


def _encoded(external_id: str) -> str:
    return MARK + base64.urlsafe_b64encode(external_id.encode()).decode().rstrip("=")


register_converter(ExternalIdConverter, "external_id")
