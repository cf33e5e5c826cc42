"""The program with a switch at every filter by organization: each can be left out alone, while the program runs.

Mutants in one process: modules are compiled with `organization=x` of a query as `**kept(17, {"organization": x})`, and
with a mark around every `organization_id = %(organization)s` of their SQL, which a wrapper of the cursor looks for.
"""

import ast
import builtins
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
APPS = ("accounts", "telemetry", "emails", "success", "health", "jobs")
# They make data up for one organization, by name.
LEFT_OUT = ("migrations", "demo")
ASKING = {"filter", "get", "exclude", "get_object_or_404", "Q"}
FIELDS = {"organization", "organization_id", "organization__slug"}
OF_SQL = re.compile(
    r"(?:\{?\b\w+\}?\.)?\borganization_id = (?:%\(organization(?:_id)?\)s|%s)"
    r"|(?:\{?\b\w+\}?\.)?\borganization_id = ANY \(%\(organizations\)s\)"
)
EVERYTHING = {"pk__isnull": False}


@dataclass
class Switches:
    """`places` names each filter; `off` is the one that is left out; `reached` are those that the program came by."""

    places: list[str] = field(default_factory=list)
    off: int | None = None
    reached: set[int] = field(default_factory=set)

    def add(self, place: str) -> int:
        self.places.append(place)
        return len(self.places) - 1

    def kept(self, number: int, told: dict[str, Any]) -> dict[str, Any]:
        self.reached.add(number)
        # An empty Q would vanish beside another one.
        return EVERYTHING if number == self.off else told

    def unmarked(self, execute: Callable[..., Any], sql: Any, *more: Any) -> Any:
        """A wrapper of the cursor, as Django's `execute_wrapper` takes it."""
        if isinstance(sql, str) and "/*m" in sql:
            self.reached.update(int(number) for number in re.findall(r"/\*m(\d+)\*/", sql))
            if self.off is not None:
                sql = re.sub(rf"/\*m{self.off}\*/(.*?)/\*w\*/", _anything, sql)
        return execute(sql, *more)


SWITCHES = Switches()


def _anything(marked: re.Match[str]) -> str:
    # A placeholder of a list of parameters has to stay.
    return "(%s IS NOT NULL OR true)" if marked[1].endswith("%s") else "true"


class Switching(ast.NodeTransformer):
    """Puts the switches in, and notes where they are."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, node: ast.expr, what: str) -> int:
        return SWITCHES.add(f"{self.path}:{node.lineno} {what}")

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in ASKING:
            node.keywords = [self._switched(each) if _is_filter(node, each) else each for each in node.keywords]
        return node

    def _switched(self, keyword: ast.keyword) -> ast.keyword:
        number = self.add(keyword.value, ast.unparse(keyword))
        told = keyword.value
        if keyword.arg:
            told = ast.Dict(keys=[ast.Constant(keyword.arg)], values=[keyword.value])
        call = ast.Call(ast.Name("_kept", ast.Load()), [ast.Constant(number), told], [])
        return ast.keyword(arg=None, value=call)

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            node.value = OF_SQL.sub(lambda found: f"/*m{self.add(node, found[0])}*/{found[0]}/*w*/", node.value)
        return node


def _is_filter(call: ast.Call, keyword: ast.keyword) -> bool:
    said = ast.unparse(keyword)
    if keyword.arg is None:
        return "organization_field" in said or "'organization" in said
    own_row = keyword.arg in {"pk", "id"} and "organization_id" in said and "Organization.objects" in ast.unparse(call)
    return keyword.arg in FIELDS or own_row


class SwitchingLoader(SourceFileLoader):
    """Compiles anew each time: what is cached has no switches."""

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(self.get_data(self.path))
        switched = Switching(Path(self.path).relative_to(ROOT)).visit(tree)
        return compile(ast.fix_missing_locations(switched), self.path, "exec")


class SwitchingFinder(MetaPathFinder):
    """Finds the project's own modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        parts = fullname.split(".")
        if parts[0] not in APPS or set(parts) & set(LEFT_OUT):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = SwitchingLoader(spec.loader.name, spec.loader.path)
        return spec


def switch_filters() -> Switches:
    """Before anything of the project is imported."""
    builtins._kept = SWITCHES.kept  # type: ignore[attr-defined]
    sys.meta_path.insert(0, SwitchingFinder())
    return SWITCHES
