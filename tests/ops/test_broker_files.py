"""The broker without a server: a message is there whole or not at all, however closely somebody looks."""

from __future__ import annotations

import threading
from queue import Empty

from kombu import Connection

from svtad.config import broker
from svtad.config.celery import app


def channel_in(folder):
    options = {
        "data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "control"),
        "store_processed": False,
    }  # fmt: skip
    broker.make_known()
    return Connection(f"{broker.SCHEME}://localhost//", transport_options=options).default_channel


def test_the_product_s_celery_uses_it_where_there_is_no_redis(monkeypatch):
    with app.connection_for_write(f"{broker.SCHEME}://localhost//") as connection:
        assert connection.get_transport_cls() is broker.Transport


def test_no_message_is_read_before_it_is_written(tmp_path):
    sent = 400
    got: list[int] = []
    wrong: list[Exception] = []
    writer, reader = channel_in(tmp_path), channel_in(tmp_path)
    done = threading.Event()

    def look() -> None:
        while len(got) + len(wrong) < sent:
            try:
                got.append(reader._get("svtad")["number"])
            except Empty:
                if done.is_set():
                    return
            except Exception as error:  # what a worker would fall over
                wrong.append(error)

    looking = threading.Thread(target=look)
    looking.start()
    for number in range(sent):
        writer._put("svtad", {"number": number, "filling": "x" * 20_000})
    writer._put("other", {"number": -1})
    done.set()
    looking.join(30)
    assert wrong == []
    assert sorted(got) == list(range(sent))
    assert [path.name.partition(".")[2] for path in tmp_path.iterdir() if path.is_file()] == ["other.msg"]


def test_messages_come_in_the_order_in_which_they_were_put(tmp_path, monkeypatch):
    channel = channel_in(tmp_path)
    times = iter(range(0, 50_000_000, 10_000_000))
    monkeypatch.setattr("time.monotonic_ns", lambda: 10**18 + next(times))
    for number in range(5):
        channel._put("svtad", {"number": number})
    assert [channel._get("svtad")["number"] for _ in range(5)] == [0, 1, 2, 3, 4]


def test_what_cannot_be_put_leaves_nothing_behind(tmp_path):
    channel = channel_in(tmp_path)
    try:
        channel._put("no/such/folder", {"number": 1})
    except OSError:
        assert [path for path in tmp_path.iterdir() if path.is_file()] == []
    else:
        raise AssertionError("it was put")
