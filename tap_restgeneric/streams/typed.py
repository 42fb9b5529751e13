"""How does a page whose records were typed on the way become lines at once? The fast path."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import SameRecordTransform

from tap_restgeneric.engine.lines import Form, Lines, MisfitError, Pieces
from tap_restgeneric.engine.rows import Openers, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import msgspec

    from tap_restgeneric.dialect.exchange import Page
    from tap_restgeneric.engine.records import Record
    from tap_restgeneric.streams.stream import ResourceStream

_TOP = 2


@dataclass(frozen=True)
class TypedPage:
    """The records of a page, typed.

    Attributes:
        records: For `Lines.encoded`.
        cursors: The cursor value of each; empty if the stream has none.
        form: What they are.
        given: What the parent gives to each of them.
    """

    records: Sequence[Any]
    cursors: Sequence[Any]
    form: Form
    given: dict[str, msgspec.Raw]


class TypedPath:
    """The compiled record path of a stream.

    Args:
        stream: The stream; what is selected of it is known by now.
    """

    def __init__(self, stream: ResourceStream) -> None:
        """Nothing is compiled."""
        self._stream = stream

    @cached_property
    def lines(self) -> Lines | None:
        """The compiled path; None where something needs records as objects."""
        stream, node = self._stream, self._stream.node
        if not self._is_open:
            return None
        properties = stream.effective_schema["properties"]
        cursor = node.incremental.cursor_path if node.incremental else None
        with suppress(ValueError):  # a name that cannot be compiled: quotes, backslashes
            return Lines(
                stream.name,
                properties,
                dropped=[name for name in properties if not stream.mask["properties", name]],
                keys=stream.primary_keys,
                cursor=str(cursor) if cursor else None,
                carried=list(node.carried),
                version=stream.version,
            )
        return None

    @cached_property
    def openers(self) -> Openers | None:
        """The decoders of its bodies, if there is a compiled path."""
        return Openers(self.lines) if self.lines else None

    @property
    def _is_open(self) -> bool:
        """Whether nothing needs the records of the stream as objects."""
        stream, node = self._stream, self._stream.node
        maps = stream.stream_maps
        plain = len(maps) == 1 and type(maps[0]) is SameRecordTransform and not maps[0].flattening_enabled
        wanted = stream.selected and stream.ABORT_AT_RECORD_COUNT is None
        collects = stream.config.get("undeclared_fields") == "collect"
        nested = any(len(breadcrumb) > _TOP and not chosen for breadcrumb, chosen in stream.mask.items())
        unread = not node.resource.processing_steps and node.resource.endpoint.response_format == "json"
        simple = unread and not nested and not stream.get_batch_config(stream.config) and not collects
        cursor = str(node.incremental.cursor_path) if node.incremental else None
        readable = cursor is None or (cursor in stream.effective_schema["properties"] and cursor not in node.carried)
        return plain and wanted and simple and readable

    def page(self, page: Page, parent: Record | None) -> TypedPage | None:
        """The records of a page; None if they do not fit, for the path that knows all."""
        block = page.records.block if isinstance(page.records, Rows) else None
        if block is None or self.lines is None:
            return None
        carried = self._stream.node.carried
        try:
            given = self.lines.given({name: (parent or {}).get(source) for name, source in carried.items()})
        except MisfitError:
            return None
        return TypedPage(block.records, block.cursors, block.form, given)

    def know(self, names: Iterable[str]) -> None:
        """Takes undeclared fields, of which somebody was told, for known."""
        if self.lines is not None:
            self.lines.know(names)

    def encoded(self, records: Sequence[Any], page: TypedPage) -> Pieces:
        """The RECORD lines of records of a page; their undeclared fields are counted."""
        if self.lines is None:
            raise TypeError(f"{self._stream.name!r} has no compiled path")
        self._stream.tally.undeclared.update(page.form.undeclared(records))
        return self.lines.encoded(page.form, records, page.given, datetime.now(timezone.utc).isoformat())
