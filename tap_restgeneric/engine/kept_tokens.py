"""Where are refresh tokens that an API has changed? In a file that nobody else reads, before they are used.

An API that rotates refresh tokens takes each of them once. The one in the settings is void after the first run, so the
newest is kept: if the run is killed, the next one goes on with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tap_restgeneric.errors import CredentialError

if TYPE_CHECKING:
    from tap_restgeneric.dialect.auth.schemes import Auth

_DIGITS = 32


def usual_folder() -> Path:
    """Where a program keeps its state for a user, as the XDG base directories say."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "tap-restgeneric" / "tokens"


class KeptTokens:
    """Refresh tokens, one file each, named by a digest of what the user wrote: another token there begins anew.

    Args:
        folder: Where they are; made when there is one to keep, for its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder

    def file(self, auth: Auth) -> Path | None:
        """The file of a block; None if it has no refresh token."""
        written = auth.refreshing
        if written is None:
            return None
        return self._folder / f"{hashlib.sha256(json.dumps(written).encode()).hexdigest()[:_DIGITS]}.json"

    def newest(self, auth: Auth) -> str | None:
        """The refresh token that the API gave last; None if it never changed the one in the settings.

        Raises:
            CredentialError: It is there, and cannot be read.
        """
        file = self.file(auth)
        if file is None or not file.exists():
            return None
        try:
            return str(json.loads(file.read_text("utf-8"))["refresh_token"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            reason = type(error).__name__
            raise CredentialError(f"{file} (token_folder) holds no refresh token ({reason}): remove it") from None

    def keep(self, auth: Auth, refresh_token: str) -> None:
        """Keeps a refresh token, whatever happens from here on.

        Raises:
            OSError: It cannot be written.
        """
        file = self.file(auth)
        if file is None:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A temporary file is its owner's alone from its beginning.
        number, name = tempfile.mkstemp(dir=self._folder, prefix=file.stem)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as written:
                json.dump({"refresh_token": refresh_token}, written)
                written.flush()
                os.fsync(written.fileno())
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
