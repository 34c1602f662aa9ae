"""A world that tests share: rows, objects and files are for each test as if it alone had made them."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from svtad.governance.files import read_file
from svtad.governance.models import StoredFile
from svtad.parties.models import Organisation
from tests.conftest import WORLDS
from tests.factories import make_organisation, make_paper

made: list[str] = []


def make_one() -> Organisation:
    made.append("one")
    make_paper("kept.pdf")
    return make_organisation(code="one")


def make_another(one: Organisation) -> tuple[Organisation, Organisation]:
    made.append("another")
    one.name = "Changed while another was made"
    make_paper("another.pdf")
    return one, make_organisation(code="another")


@pytest.fixture(scope="class")
def lent_one(lend) -> Organisation:
    return lend(make_one)


@pytest.fixture(scope="class")
def lent_both(lend) -> tuple[Organisation, Organisation]:
    return lend(make_one, make_another)


def rows() -> set[str]:
    return set(Organisation.objects.values_list("code", flat=True))


def files() -> set[str]:
    return {read_file(file).decode().split()[1] for file in StoredFile.objects.all()}


@pytest.mark.parametrize("_", range(2))
def test_what_a_test_does_to_it_is_gone_for_the_next(lent_one, db, files_of_this_test, _):
    assert (lent_one.name, rows(), files()) == ("ONE Ltd", {"one"}, {"kept.pdf"})
    assert made.count("one") == 1
    lent_one.name = "Changed"
    Organisation.objects.update(name="Changed")
    make_organisation(code="more")
    make_paper("more.pdf")
    for path in files_of_this_test.rglob("*"):
        if path.is_file():
            path.unlink()


def test_one_may_stand_in_another(lent_both, db, files_of_this_test):
    one, another = lent_both
    assert (one.name, another.code, rows()) == ("Changed while another was made", "another", {"one", "another"})
    assert files() == {"kept.pdf", "another.pdf"}
    assert made.count("one") == 1


def test_who_asks_for_less_has_less(lent_one, db, files_of_this_test):
    assert (lent_one.name, rows(), files()) == ("ONE Ltd", {"one"}, {"kept.pdf"})


def test_who_asks_for_none_has_none(db):
    assert rows() == set()


def test_a_block_that_must_be_the_outermost_may_run_in_it(lent_one, db):
    with transaction.atomic(durable=True):
        assert rows() == {"one"}


def test_what_waits_for_the_commit_was_checked_when_it_was_made(lent_one, db):
    if connection.vendor == "postgresql":
        # PostgreSQL alters no table of which a check is pending.
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE parties_organisation DISABLE TRIGGER USER")


def test_one_world_a_test(lend, db):
    lend(make_one)
    with pytest.raises(AssertionError, match="one world a test"):
        lend(make_one, make_another)


def test_a_test_that_commits_has_one_of_its_own_committed(lent_one, transactional_db, files_of_this_test):
    assert (lent_one.name, rows(), files()) == ("ONE Ltd", {"one"}, {"kept.pdf"})
    assert not connection.in_atomic_block
    connection.close()
    assert rows() == {"one"}


def test_and_it_is_gone_after_it(transactional_db, request):
    assert rows() == set()
    assert request.config.stash[WORLDS]._standing == []
