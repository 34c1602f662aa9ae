"""Database triggers that hold append-only tables, on PostgreSQL and on SQLite alike."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations import RunPython


def append_only(*tables: str, allow_delete: bool = False) -> RunPython:
    """Return a migration operation that refuses UPDATE (and DELETE) on `tables`.

    Raises in the database itself, so that no code path, shell or admin page goes round it.
    """

    def install(apps: Any, editor: Any) -> None:
        for table in tables:
            _remove(editor, table)  # SQLite drops triggers where it makes a table anew, PostgreSQL keeps them
            _install(editor, table, allow_delete=allow_delete)

    def remove(apps: Any, editor: Any) -> None:
        for table in tables:
            _remove(editor, table)

    return RunPython(install, remove)


def _install(editor: Any, table: str, *, allow_delete: bool) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; "
            "END $$ LANGUAGE plpgsql",
            params=None,  # its own % is no placeholder
        )
        events = "UPDATE" if allow_delete else "UPDATE OR DELETE"
        editor.execute(
            f'CREATE TRIGGER "{table}_append_only" BEFORE {events} ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for event in ("UPDATE",) if allow_delete else ("UPDATE", "DELETE"):
        editor.execute(
            f'CREATE TRIGGER "{table}_no_{event.lower()}" BEFORE {event} ON "{table}" '
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _remove(editor: Any, table: str) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f'DROP TRIGGER IF EXISTS "{table}_append_only" ON "{table}"')
        return
    for event in ("update", "delete"):
        editor.execute(f'DROP TRIGGER IF EXISTS "{table}_no_{event}"')
