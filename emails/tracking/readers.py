"""Who asked for a link or a picture, as far as a request tells: a person's program, or a machine by itself.

Nothing of this is certain. Machines that pretend to be browsers, at times of their own, cannot be told from people;
docs/mail.md says which.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """`name` is what is kept of the user agent: empty for a person's own program."""

    name: str = ""
    is_automatic: bool = False


PERSON = Reader()
# Of user agents in lower case. What is fetched for somebody who looks comes before what is fetched for nobody.
KNOWN = (
    # Both fetch a picture when the mail is displayed, and keep it.
    (re.compile(r"googleimageproxy"), Reader("Gmail")),
    (re.compile(r"yahoomailproxy"), Reader("Yahoo Mail")),
    # Fetches every picture soon after delivery, whether the mail is opened or not, and says no more than this.
    (re.compile(r"^mozilla/5\.0$"), Reader("Apple Mail Privacy Protection", is_automatic=True)),
    (
        re.compile(
            r"barracuda|mimecast|proofpoint|safelinks|ironport|ciscosecureemail|symantec|messagelabs|forti(mail|guard|net)"
            r"|sophos|trend ?micro|\btmes\b|mcafee|forcepoint|zscaler|cloudmark|vadesecure"
            r"|hornetsecurity|avanan|checkpoint",
        ),
        Reader("Security scanner", is_automatic=True),
    ),
    (
        # Cubot makes telephones.
        re.compile(
            r"(?<!cu)bot\b|bot-|crawler|spider|scanner|preview|prefetch|headless|phantomjs|externalhit|whatsapp/"
            r"|curl/|wget/|python|aiohttp|go-http-client|java/|httpclient|libwww|node-fetch|axios/|^ruby|^php",
        ),
        Reader("Robot", is_automatic=True),
    ),
)
NAMELESS = Reader("Program without a name", is_automatic=True)
AHEAD = Reader("Fetched ahead", is_automatic=True)
ONLY_ASKED = Reader("Only asked whether it is there", is_automatic=True)
LONGEST = 1000


def reader_of(*, method: str, headers: Mapping[str, str]) -> Reader:
    """Of a request for a link or picture; `headers` are looked up whatever their case, as Django's are."""
    purpose = " ".join(headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")).lower()
    if "prefetch" in purpose or "preview" in purpose:
        return AHEAD
    reader = reader_by(headers.get("User-Agent", ""))
    return ONLY_ASKED if method == "HEAD" and not reader.is_automatic else reader


def reader_by(user_agent: str) -> Reader:
    agent = user_agent[:LONGEST].strip().lower()
    if not agent:
        return NAMELESS
    return next((reader for pattern, reader in KNOWN if pattern.search(agent)), PERSON)
