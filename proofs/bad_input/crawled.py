"""Every page that somebody comes to by links, and every form on them as a browser would send it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from proofs.bad_input.addresses import Address, Encoding

# They would end the session or remove what the later requests are about; their pages are asked all the same.
NOT_SENT = re.compile(r"/(logout|sign-out|delete)/?$")
NOT_FOLLOWED = re.compile(r"^/(static|api/docs)/|/(logout|sign-out)/?$")
# Of a path: a row's number, or what lets somebody in.
ID = re.compile(r"(?<=/)(?:\d+|(?=[^/]*\d)[\w:.=-]{16,}?)(?=/|\.gif|$)")
A_FILE = b"client,title,status\r\nproof,Title,todo\r\n"
Get = Callable[[str], bytes]


@dataclass
class Form:
    method: str
    action: str
    encoding: str
    can_be_sent: bool = False
    fields: dict[str, Any] = field(default_factory=dict)


class Page(HTMLParser):
    """Its links and forms."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.is_open = False
        self.select = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.links += [said[name] for name in ("href", "hx-get") if name in said and tag != "link"]
        if "hx-post" in said:
            self.forms.append(Form("POST", said["hx-post"], "", can_be_sent=True))
        if tag == "form":
            self.is_open = True
            self.forms.append(Form(said.get("method", "get").upper(), said.get("action", ""), said.get("enctype", "")))
        elif self.is_open:
            self.handle_control(tag, said)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_open = False

    def handle_control(self, tag: str, said: dict[str, str]) -> None:
        form = self.forms[-1]
        fields, name = form.fields, said.get("name", "")
        form.can_be_sent |= said.get("type", "submit" if tag == "button" else "text") == "submit"
        if tag == "select":
            self.select = name
            fields.setdefault(name, "")
        elif tag == "option" and (not fields[self.select] or "selected" in said):
            fields[self.select] = said.get("value", "")
        elif name and tag in {"input", "textarea", "button"}:
            self.handle_input(fields, name, said)

    @staticmethod
    def handle_input(fields: dict[str, Any], name: str, said: dict[str, str]) -> None:
        kind = said.get("type", "text")
        if kind == "file":
            fields[name] = A_FILE
        elif kind not in {"checkbox", "radio"} or "checked" in said or name == "_selected_action":
            fields.setdefault(name, said.get("value", "on" if kind == "checkbox" else ""))


def crawled(group: str, starts: Sequence[str], credentials: tuple[str, ...], get: Get) -> Iterator[Address]:
    """One address for all that differ in numbers only; the parameters of all links to it together."""
    found: dict[str, Address] = {}
    waiting = list(starts)
    asked = set()
    while waiting:
        place = waiting.pop(0)
        here = linked(group, "GET", place, credentials)
        known = found.get(here.name)
        found[here.name] = replace(known, query={**here.query, **known.query}) if known else here
        if here.template in asked:
            continue
        asked.add(here.template)
        page = Page()
        page.feed(get(place).decode(errors="replace"))
        waiting += [link for href in page.links if (link := followed(place, href))]
        for form in page.forms:
            sent = of_form(group, place, form, credentials)
            if sent:
                found.setdefault(f"{sent.name} {sorted(sent.fields)}", sent)
    yield from found.values()


def followed(place: str, href: str) -> str | None:
    target = urljoin(place, href.strip())
    if not target.startswith("/") or target.startswith("//") or NOT_FOLLOWED.search(urlsplit(target).path):
        return None
    return target.partition("#")[0]


def linked(group: str, method: str, place: str, credentials: tuple[str, ...]) -> Address:
    parts = urlsplit(place)
    numbers = ID.findall(parts.path)
    ids = {f"id{at}": number for at, number in enumerate(numbers)}
    names = iter(ids)
    template = ID.sub(lambda _: f"{{{next(names)}}}", parts.path)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Address(group, method, template, credentials, ids=ids, query=query)


def of_form(group: str, place: str, form: Form, credentials: tuple[str, ...]) -> Address | None:
    target = followed(place, form.action) if form.action else place
    if not form.can_be_sent or target is None or NOT_SENT.search(urlsplit(target).path):
        return None
    address = linked(group, form.method, target, credentials)
    for name in ("", "csrfmiddlewaretoken"):
        form.fields.pop(name, None)
    if form.method == "GET":
        return replace(address, query={**address.query, **form.fields})
    encoding = Encoding.FILES if "multipart" in form.encoding else Encoding.FORM
    return replace(address, fields=form.fields, encoding=encoding)
