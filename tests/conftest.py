"""What every test may ask for: the real database, worker and browser, or a printed reason why not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from svtad.lib import clock, signing

if TYPE_CHECKING:
    from tests.ops.processes import Process

CHROMIUM = os.environ.get("SVTAD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
#: `script/test` has set everything up, so there nothing may be left out for want of it.
STRICT = os.environ.get("SVTAD_TEST_STRICT") == "1"


def leave_out(reason: str) -> None:
    """Skip the test with `reason` (printed at the end), or fail where nothing may be left out."""
    if STRICT:
        pytest.fail(f"cannot run here: {reason}")
    pytest.skip(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a second pass run a part."""
    parser.addoption(
        "--sample",
        action="store_true",
        help="of a file, run every second test; of a parametrised one, the first case only",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take a sample where asked to, and refuse a clause mark that names no clause: the index is made from them."""
    if config.getoption("--sample"):
        files: dict[Path, dict[str, pytest.Item]] = {}
        for item in items:
            files.setdefault(item.path, {}).setdefault(item.nodeid.partition("[")[0], item)
        taken = {id(item) for tests in files.values() for item in list(tests.values())[::2]}
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in taken])
        items[:] = [item for item in items if id(item) in taken]
    for item in items:
        for mark in item.iter_markers("clause"):
            if len(mark.args) < 2 or mark.kwargs or not all(isinstance(part, str) and part for part in mark.args):
                raise pytest.UsageError(f'{item.nodeid}: write clause("DOCUMENT version", "clause", …), got {mark}')


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what needs servers or a browser where there are none, saying so."""
    if item.get_closest_marker("services") and not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        leave_out("needs PostgreSQL and Redis: run it under `script/servers run --`")
    if item.get_closest_marker("browser") and CHROMIUM is None:
        leave_out("needs Chromium: run `script/system browser`")
    worlds = item.config.stash.get(WORLDS, None)
    if worlds is not None and ("lend" not in fixtures_of(item) or commits(item)):
        worlds.leave()


@pytest.fixture
def postgres_only(request: pytest.FixtureRequest) -> None:
    """For a test of what only PostgreSQL does (row locks, parallel writers)."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: the embedded database has one writer")


# --- worlds that tests share -------------------------------------------------------------------------


def fixtures_of(item: pytest.Item) -> list[str]:
    """Return the names of all fixtures that a test asks for, itself or through others."""
    return getattr(item, "fixturenames", [])


def commits(item: pytest.Item) -> bool:
    """Return whether a test really commits: its tables are emptied after it, and it shares nothing."""
    mark = item.get_closest_marker("django_db")
    marked = mark is not None and mark.kwargs.get("transaction", False)
    return marked or not {"transactional_db", "live_server"}.isdisjoint(fixtures_of(item))


@dataclass
class World:
    """What a maker made, the folder of its stored files, and the transaction or savepoint it was made in."""

    maker: Callable[..., Any]
    made: Any
    files: Path
    atomic: transaction.Atomic | None


class Worlds:
    """Worlds made once and lent to one test after another.

    Most tests begin with the same house or the same phase, and making one through the actions takes hundreds of
    queries. So it is made once, in a transaction that stays open; a test's own transaction is a savepoint in it,
    and its end takes back what the test did and nothing else. A world may stand in another (a phase in a house):
    they are stacked, a savepoint each, and a test that asks for less, for another one or for none has those that
    are not its own rolled back first. Python objects and stored files are lent as copies.

    What keeps this sound: pytest-django leaves the connection open from one test to the next unless a test really
    commits (`commits`), and such a test gets a world of its own, committed, made for it alone.
    """

    def __init__(self, blocker: Any, place: Callable[[], Path]) -> None:
        self._blocker = blocker
        self._place = place
        self._standing: list[World] = []

    def lend(self, *makers: Callable[..., Any], committed: bool) -> Any:
        """Return a copy of what the last maker made; each maker is given what the one before it made."""
        with self._blocker.unblock():
            own = 0
            while own < min(len(makers), len(self._standing)) and self._standing[own].maker is makers[own]:
                own += 1
            self._roll_back_to(own)
            for maker in makers[own:]:
                self._make(maker, committed=committed)
        return deepcopy(self._standing[-1].made)

    def leave(self) -> None:
        """Roll everything back, for a test that stands in none."""
        with self._blocker.unblock():
            self._roll_back_to(0)

    def copy_files_to(self, folder: Path) -> None:
        """Copy the stored files of the world last lent."""
        shutil.copytree(self._standing[-1].files, folder)

    def _make(self, maker: Callable[..., Any], *, committed: bool) -> None:
        files, before = self._place(), []
        if self._standing:
            shutil.copytree(self._standing[-1].files, files, dirs_exist_ok=True)
            before = [deepcopy(self._standing[-1].made)]
        atomic = None
        if not committed:
            atomic = transaction.atomic()
            # As TestCase says of its own: a durable block of the product's counts as the outermost one in here.
            atomic._from_testcase = True  # type: ignore[attr-defined]
            atomic.__enter__()
        try:
            with override_settings(MEDIA_ROOT=files):
                made = maker(*before)
            # What waits for the commit is checked now: there is no commit, and each test would check it again.
            connection.check_constraints()
        except BaseException:
            self._roll_back(atomic)
            raise
        self._standing.append(World(maker=maker, made=made, files=files, atomic=atomic))

    def _roll_back_to(self, height: int) -> None:
        while len(self._standing) > height:
            world = self._standing.pop()
            self._roll_back(world.atomic)
            shutil.rmtree(world.files)

    def _roll_back(self, atomic: transaction.Atomic | None) -> None:
        if atomic is not None:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


WORLDS = pytest.StashKey[Worlds]()


@pytest.fixture(scope="session")
def _worlds(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Worlds]:
    worlds = Worlds(django_db_blocker, lambda: tmp_path_factory.mktemp("world"))
    request.config.stash[WORLDS] = worlds
    yield worlds
    worlds.leave()


@pytest.fixture(scope="class")
def lend(request: pytest.FixtureRequest, _worlds: Worlds) -> Iterator[Callable[..., Any]]:
    """`lend(make_house, make_phase)`: this test's own copy of a phase in a house, made once for many tests.

    Ask for it in a fixture of class scope, and for that one and `db` in the fixture that tests use. A test in no
    class has class scope for itself, and has it before everything of function scope: the world is there before
    pytest-django opens the test's transaction. Makers are functions of a module, for they are known by identity.
    """
    lent: list[Callable[..., Any]] = []

    def one(*makers: Callable[..., Any]) -> Any:
        assert not lent, f"one world a test: it stands in that of {lent[-1].__name__} already"
        lent.extend(makers)
        return _worlds.lend(*makers, committed=commits(request.node))

    yield one
    if commits(request.node):
        _worlds.leave()


@pytest.fixture
def files_of_this_test(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Path:
    """A place of this test's own for stored files, with those of the world it shares."""
    files = tmp_path / "files"
    if "lend" in request.fixturenames:
        request.config.stash[WORLDS].copy_files_to(files)
    settings.MEDIA_ROOT = files
    return files


# --- a real worker -----------------------------------------------------------------------------------


class SharedWorker:
    """One worker process for the whole session; put aside while a test runs workers of its own."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.process: Process | None = None

    def ensure(self) -> Process:
        """Return the worker, started if it does not run."""
        from tests.ops.processes import new_worker

        if self.process is None or not self.process.alive:
            self.process = new_worker(log=self.log, concurrency=2)
            self.process.start(until="ready.")
        return self.process

    def put_aside(self) -> None:
        """Stop it: no two workers may take from one queue while a test counts."""
        if self.process is not None:
            self.process.stop()
            self.process = None


@pytest.fixture(scope="session")
def _shared_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedWorker]:
    shared = SharedWorker(tmp_path_factory.mktemp("worker") / "worker.log")
    yield shared
    shared.put_aside()


def _empty_the_queue() -> None:
    from svtad.config.celery import app

    with app.connection_for_write() as link:
        app.amqp.queues[app.conf.task_default_queue](link.default_channel).purge()


@pytest.fixture
def worker(transactional_db: None, _shared_worker: SharedWorker) -> Process:
    """A real Celery worker on the test's database and broker. The test's own writes must be committed."""
    _empty_the_queue()
    return _shared_worker.ensure()


@pytest.fixture
def start_worker(
    transactional_db: None, _shared_worker: SharedWorker, tmp_path: Path
) -> Iterator[Callable[..., Process]]:
    """Start workers of the test's own: `start_worker(concurrency=1)`; `.kill()` is kill -9 of the whole group."""
    from tests.ops.processes import new_worker

    _shared_worker.put_aside()
    _empty_the_queue()
    started: list[Process] = []

    def start(*, concurrency: int = 1, include: str = "") -> Process:
        process = new_worker(log=tmp_path / f"worker-{len(started)}.log", concurrency=concurrency, include=include)
        started.append(process)
        process.start(until="ready.")
        return process

    yield start
    for process in started:
        process.stop()
    _empty_the_queue()


# --- a real browser ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Launch the system's Chromium, quiet towards the network."""
    # Playwright keeps an event loop in this thread, and Django would take every query for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    quiet = [
        "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ]  # fmt: skip
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")
    return {"executable_path": CHROMIUM, "headless": True, "args": quiet}


class Watch:
    """What went wrong on a page behind its test's back."""

    def __init__(self) -> None:
        self.troubles: list[str] = []

    def error(self, error: object) -> None:
        """Note an exception that no script caught."""
        self.troubles.append(f"script error: {error}")

    def console(self, message: Any) -> None:
        """Note what the content policy blocked."""
        if "Content Security Policy" in message.text:
            self.troubles.append(f"blocked: {message.text}")


@pytest.fixture
def watch() -> Watch:
    """What the browser complained of so far; a test that provokes it on purpose clears `watch.troubles`."""
    return Watch()


@pytest.fixture
def page(page: Any, watch: Watch) -> Iterator[Any]:
    """A page that fails its test on any script error and on anything the content policy blocked."""
    page.on("pageerror", watch.error)
    page.on("console", watch.console)
    page.set_default_timeout(10_000)
    yield page
    assert not watch.troubles, watch.troubles


@pytest.fixture
def sign_in(client: Any, live_server: Any) -> Callable[[Any, Any], None]:
    """`sign_in(page, person)`: give the browser that person's session without filling in the form."""

    def put_session(page: Any, person: Any) -> None:
        from django.conf import settings

        client.force_login(person)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    return put_session


# --- append-only tables between tests -------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def _emptying_goes_round_the_append_only_triggers() -> Iterator[None]:
    """Let Django empty SQLite's tables after a test with real commits: it says DELETE there, which triggers refuse.

    PostgreSQL truncates, which no row trigger sees.
    """
    if connection.vendor != "sqlite":
        yield
        return
    from django.db.backends.sqlite3.operations import DatabaseOperations

    patch = pytest.MonkeyPatch()
    empty = DatabaseOperations.execute_sql_flush

    def without_triggers(self: Any, statements: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_delete'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
        empty(self, statements)
        with self.connection.cursor() as cursor:
            for _, sql in triggers:
                cursor.execute(sql)

    patch.setattr(DatabaseOperations, "execute_sql_flush", without_triggers)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def key_text() -> bytes:
    """A signing key, made once: making it is what takes the time."""
    return signing.new_key(name="The DCC, tests", years=2, at=clock.now())


@pytest.fixture
def key(key_text, settings, tmp_path) -> signing.SigningKey:
    """The same key as the one that is set up."""
    settings.SIGNING_KEY_FILE = tmp_path / "signing" / "key.pem"
    signing.keep_key(key_text)
    return signing.read_key(key_text)
