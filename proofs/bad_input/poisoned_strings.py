"""A hook of schemathesis: in a good part of the cases, one text of query, path or body is poison.

Found by the environment's SCHEMATHESIS_HOOKS. What the documentation says of refusals must hold for these too.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis import HookContext

from proofs.bad_input.poison import VALUES

Place = tuple[str | int, ...]
# What fits into an address; the rest is `bad_input`'s, which sends bytes.
OF_ADDRESSES = [value for value in VALUES.values() if len(value) < 2_000 and value.isprintable() and value]


@schemathesis.hook
def flatmap_body(context: HookContext, body: Any) -> Any:
    return _perhaps_poisoned(body, list(VALUES.values()))


@schemathesis.hook
def flatmap_query(context: HookContext, query: Any) -> Any:
    return _perhaps_poisoned(query, OF_ADDRESSES)


@schemathesis.hook
def flatmap_path_parameters(context: HookContext, path_parameters: Any) -> Any:
    return _perhaps_poisoned(path_parameters, [value for value in OF_ADDRESSES if "/" not in value])


def _perhaps_poisoned(whole: Any, poison: Sequence[str]) -> Any:
    places = list(_texts_in(whole))
    if not places:
        return strategies.just(whole)
    poisoned = strategies.builds(
        partial(_replaced, whole), strategies.sampled_from(places), strategies.sampled_from(poison)
    )
    return strategies.one_of(strategies.just(whole), poisoned)


def _texts_in(value: Any, place: Place = ()) -> Iterator[Place]:
    if isinstance(value, str) and place:
        yield place
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts_in(each, (*place, key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _texts_in(each, (*place, at))


def _replaced(value: Any, place: Place, text: str) -> Any:
    if not place:
        return text
    first, *rest = place
    copy = value.copy()
    copy[first] = _replaced(value[first], tuple(rest), text)
    return copy
