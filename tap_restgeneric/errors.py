"""Every error a user can meet, sorted by what they do next.

RestGenericError            something a user has to act on; the message says how
├── ConfigError             fix the configuration (exit code 2, all problems at once)
├── CredentialError         fix or renew a secret
├── ApiError                the API answered something the definition does not expect
│   ├── ReplyError          a reply that cannot be read, or that means failure
│   ├── PositionRepeatedError   the pages go round in a circle
│   └── RecordError         a record that cannot be delivered as it is
├── UnavailableError        wait: the API did not answer although it was asked several times
├── TimeUpError             give the run more time, or run it again: it goes on where it ended
└── TargetGoneError         look at the target: it has ended before the tap
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class RestGenericError(Exception):
    """Something a user has to act on. `exit_code` is the exit code of the process."""

    exit_code = 1


class Problem(Struct, frozen=True):
    """One mistake in a configuration.

    Attributes:
        path: Where it stands, as a JSONPath from the root of the source: `$.resources[3].endpoint.path`.
        message: What is wrong and what is allowed, without a secret in it.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class ConfigError(RestGenericError):
    """The configuration has mistakes; all that were found are in `problems`."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def at(cls, path: str, message: str) -> ConfigError:
        """A configuration error with a single problem."""
        return cls([Problem(path, message)])


class CredentialError(RestGenericError):
    """The API refused the credentials, or gave no token for them."""


class ApiError(RestGenericError):
    """The API answered something the definition does not expect."""


class ReplyError(ApiError):
    """A reply that cannot be read, or that means failure."""


class PositionRepeatedError(ApiError):
    """A page that was read already is asked for again."""


class RecordError(ApiError):
    """A record that cannot be delivered as it is."""


class UnavailableError(RestGenericError):
    """The API did not answer although it was asked several times."""


class TargetGoneError(RestGenericError):
    """Nobody reads what the tap writes."""


class TimeUpError(RestGenericError):
    """The time that a run may take is over."""
