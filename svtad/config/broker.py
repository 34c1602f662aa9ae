"""The broker without a server: Kombu's messages in files, each of which appears whole or not at all.

Kombu's own opens a message's file under the name that workers look for, and then writes it: a worker that looks
between the two reads nothing and falls over. Here a message is written under another name and then renamed.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

#: The scheme of its addresses: `files://localhost//`.
SCHEME = "files"


class Channel(filesystem.Channel):
    """Kombu's channel of files, with the putting of a message in one step."""

    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:  # type: ignore[override]
        """Put a message where workers look for it, oldest first by its name."""
        folder = Path(self.data_folder_out)
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}"
        draft = folder / f"{name}.draft"
        try:
            draft.write_text(dumps(payload), encoding="utf-8")
            draft.rename(folder / f"{name}.{queue}.msg")
        except OSError:
            draft.unlink(missing_ok=True)
            raise


class Transport(filesystem.Transport):
    """Kombu's transport of files over that channel."""

    Channel = Channel


def make_known() -> None:
    """Let Kombu find this transport by its scheme."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"
