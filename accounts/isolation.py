"""The migration operation that makes a model's table a tenant's table."""

from collections.abc import Mapping
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from accounts.tenancy import ROW_IS_VISIBLE

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION mainstay_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
CALL_REFUSE_CHANGE = "FOR EACH ROW EXECUTE FUNCTION mainstay_refuse_change()"


class IsolateTable(Operation):
    """Bind a table to its organization: unique key, composite foreign keys and row-level security.

    The planner is not told whose rows the table holds, and plans alike for each organization.

    `references` maps a foreign key of the model to the table it points at; the composite key makes a row
    of one organization unable to point at a row of another. `referenced` adds the unique
    (organization_id, id) that such keys need on this table. `shared` lets every tenant read the rows
    without an organization. `append_only` refuses UPDATE and DELETE.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        table: str,
        *,
        column: str = "organization_id",
        references: Mapping[str, str] | None = None,
        referenced: bool = False,
        shared: bool = False,
        append_only: bool = False,
    ) -> None:
        self.table = table
        self.column = column
        self.references = dict(references or {})
        self.referenced = referenced
        self.shared = shared
        self.append_only = append_only

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for statement in self.statements():
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for statement in self.reverse_statements():
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return f"Isolate {self.table} by {self.column}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (
            self.__class__.__name__,
            [self.table],
            {
                "column": self.column,
                "references": self.references,
                "referenced": self.referenced,
                "shared": self.shared,
                "append_only": self.append_only,
            },
        )

    def statements(self) -> list[str]:
        visible = ROW_IS_VISIBLE.format(column=self.column)
        statements = []
        if self.column != "id":
            statements.append(f"ALTER TABLE {self.table} ALTER COLUMN {self.column} SET STATISTICS 0")
        if self.referenced:
            statements.append(
                f"ALTER TABLE {self.table} ADD CONSTRAINT {self.table}_tenant_key UNIQUE ({self.column}, id)"
            )
        statements += [
            f"ALTER TABLE {self.table} ADD CONSTRAINT {self.table}_{field}_same_tenant"
            f" FOREIGN KEY ({self.column}, {field}_id) REFERENCES {target} (organization_id, id)"
            for field, target in self.references.items()
        ]
        statements += [
            f"ALTER TABLE {self.table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {self.table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY own_organization ON {self.table} USING {visible} WITH CHECK {visible}",
        ]
        if self.shared:
            statements.append(
                f"CREATE POLICY shared_rows ON {self.table} FOR SELECT USING ({self.column} IS NULL)",
            )
        if self.append_only:
            statements += [
                REFUSE_CHANGE,
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {self.table} {CALL_REFUSE_CHANGE}",
            ]
        return statements

    def reverse_statements(self) -> list[str]:
        statements = []
        if self.append_only:
            statements.append(f"DROP TRIGGER append_only ON {self.table}")
        if self.shared:
            statements.append(f"DROP POLICY shared_rows ON {self.table}")
        statements += [
            f"DROP POLICY own_organization ON {self.table}",
            f"ALTER TABLE {self.table} NO FORCE ROW LEVEL SECURITY",
            f"ALTER TABLE {self.table} DISABLE ROW LEVEL SECURITY",
        ]
        statements += [
            f"ALTER TABLE {self.table} DROP CONSTRAINT {self.table}_{field}_same_tenant" for field in self.references
        ]
        if self.referenced:
            statements.append(f"ALTER TABLE {self.table} DROP CONSTRAINT {self.table}_tenant_key")
        return statements
