"""How does the command line of the tap end? With one readable report and an exit code instead of a traceback."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from singer_sdk.plugin_base import SingerCommand
from typing_extensions import override

from tap_restgeneric import output
from tap_restgeneric.engine.redaction import log_uncaught
from tap_restgeneric.errors import RestGenericError, TargetGoneError

if TYPE_CHECKING:
    import logging

    import click


class Command(SingerCommand):
    """The command line of the tap."""

    @classmethod
    def like(cls, command: click.Command, logger: logging.Logger) -> Command:
        """The same command, which ends as it should."""
        return cls(
            name=command.name,
            callback=command.callback,
            context_settings=command.context_settings,
            params=command.params,
            help=command.help,
            logger=logger,
        )

    @override
    def main(self, *args: Any, **kwargs: Any) -> Any:
        log_uncaught(self.logger)
        try:
            return super().main(*args, **kwargs)
        except RestGenericError as error:
            if isinstance(error, TargetGoneError):
                output.discard()
            self._report(str(error).splitlines())
            sys.exit(error.exit_code)

    def _report(self, lines: list[str]) -> None:
        for line in lines:
            self.logger.error("%s", line)
