"""Reading a scope as it was at one instant, while others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

#: The first of the two numbers of our advisory locks on PostgreSQL: tells them from anybody else's.
_LOCK_SPACE = 0x5654


@contextmanager
def consistent_snapshot() -> Iterator[None]:
    """Make every query inside see one and the same committed state.

    Outside a transaction this is a read-only REPEATABLE READ transaction on PostgreSQL and a deferred (reading)
    one on SQLite, which neither waits for writers nor keeps them waiting. Inside a transaction nothing is
    opened: the caller answers for consistency, by holding the scope's row (see `lock_facts`).
    """
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                # Compiling the aggregate of a million runs takes longer than running it once.
                cursor.execute("SET LOCAL jit = off")
            yield
        return
    embedded: Any = connection
    usual = embedded.transaction_mode
    embedded.transaction_mode = "DEFERRED"
    try:
        with transaction.atomic():
            embedded.transaction_mode = usual
            yield
    finally:
        embedded.transaction_mode = usual


@contextmanager
def judging(scope_pk: int) -> Iterator[None]:
    """Let one at a time judge a scope, so that judgements are stored in the order of their snapshots.

    The lock is taken before the snapshot and outlives the transaction that stores the result; it keeps nobody
    from writing facts. On SQLite the one write transaction there can be is the lock.
    """
    if connection.vendor != "postgresql":
        with transaction.atomic():
            yield
        return
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK_SPACE, scope_pk))
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", (_LOCK_SPACE, scope_pk))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCK_SPACE, scope_pk))
