"""Mails of which thousands are alike: rendered once with blanks, and filled in for each.

What makes two mails look different (what is there, what is empty, of which kind it is) is a form's own; the texts that
go into its blanks are each mail's. So templates, translations and the inlining of styles cost once a form and not
once a mail.
"""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from datetime import tzinfo
from html import escape
from itertools import count
from typing import Any

from django.conf import settings

from emails.rendering import Rendered, known_language, on_one_line, readable, render_parts

# Private characters, which no text that is shown holds, around the number of the text.
BLANK = re.compile("\ue000(\\d+)\ue001")
FULL, EMPTY = "full", "empty"
MOST_FORMS = 1000

_forms: dict[Hashable, "Form"] = {}


@dataclass(frozen=True, slots=True)
class Form:
    """Each part is cut at its blanks: what stands there always, the number of a text, what stands there always…"""

    subject: Sequence[str]
    text: Sequence[str]
    html: Sequence[str]

    def filled(self, texts: Sequence[str]) -> Rendered:
        return Rendered(
            subject=on_one_line(_filled(self.subject, texts)),
            text=readable(_filled(self.text, texts)),
            html=_filled(self.html, [escape(text) for text in texts]),
        )


def fill(name: str, context: Mapping[str, Any], *, language: str, timezone: tzinfo) -> Rendered:
    """The same as `emails.rendering.render`, for contexts of texts in dataclasses, lists and mappings.

    Its templates may ask whether a text is there and put it somewhere, and nothing else: no filters, no comparing.
    What they decide by, such as the name of a style, is an enumeration, a number or a truth value.
    """
    texts: list[str] = []
    values = {"base_url": settings.BASE_URL, **context}
    shape = (name, known_language(language), str(timezone), _shape(values, texts))
    form = _forms.get(shape)
    if form is None:
        form = _form(name, values, language=language, timezone=timezone)
        if len(_forms) >= MOST_FORMS:
            _forms.clear()
        _forms[shape] = form
    return form.filled(texts)


def _shape(value: Any, texts: list[str]) -> Hashable:
    """What decides about the form. The texts for its blanks are added to `texts`, in the order of `_blanked`."""
    kind = type(value)
    if kind is str:
        if not value:
            return EMPTY
        texts.append(value)
        return FULL
    if kind is list or kind is tuple:
        return tuple([_shape(each, texts) for each in value])
    if kind is dict:
        return tuple([(key, _shape(each, texts)) for key, each in value.items()])
    if is_dataclass(kind):
        return tuple([_shape(getattr(value, name), texts) for name in kind.__dataclass_fields__])
    return value  # type: ignore[no-any-return]


def _blanked(value: Any, numbers: Iterator[int]) -> Any:
    """The same with a blank for each text."""
    kind = type(value)
    if kind is str:
        return f"\ue000{next(numbers)}\ue001" if value else value
    if kind is list or kind is tuple:
        return kind(_blanked(each, numbers) for each in value)
    if kind is dict:
        return {key: _blanked(each, numbers) for key, each in value.items()}
    if is_dataclass(kind):
        return replace(value, **{name: _blanked(getattr(value, name), numbers) for name in kind.__dataclass_fields__})
    return value


def _form(name: str, values: Mapping[str, Any], *, language: str, timezone: tzinfo) -> Form:
    parts = render_parts(name, _blanked(values, count()), language=language, timezone=timezone)
    return Form(BLANK.split(parts.subject), BLANK.split(parts.text), BLANK.split(parts.html))


def _filled(pieces: Sequence[str], texts: Sequence[str]) -> str:
    """Every second piece is the number of a text."""
    filled = list(pieces)
    filled[1::2] = [texts[int(number)] for number in pieces[1::2]]
    return "".join(filled)
