"""How does a page whose records were typed on the way become lines at once? The fast path."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import SameRecordTransform

from tap_restgeneric.engine.lines import Block, Form, Lines, MisfitError, Pieces
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
        with suppress(ValueError):  # a name that cannot be compiled: quotes, backslashes
            return Lines(
                stream.name,
                properties,
                dropped=[name for name in properties if not stream.mask["properties", name]],
                keys=stream.primary_keys,
                cursor=str(node.incremental.cursor_path) if node.incremental and self._is_typed_when_read else None,
                carried=list(node.carried) if self._is_typed_when_read else (),
                version=stream.version,
            )
        return None

    @cached_property
    def openers(self) -> Openers | None:
        """The decoders of its bodies; None where records are objects before they are typed."""
        return Openers(self.lines) if self.lines and self._is_typed_when_read else None

    @property
    def _is_open(self) -> bool:
        """Whether the SDK would do nothing with the records but select and write them."""
        stream = self._stream
        maps = stream.stream_maps
        plain = len(maps) == 1 and type(maps[0]) is SameRecordTransform and not maps[0].flattening_enabled
        wanted = stream.selected and stream.ABORT_AT_RECORD_COUNT is None
        collects = stream.config.get("undeclared_fields") == "collect"
        nested = any(len(breadcrumb) > _TOP and not chosen for breadcrumb, chosen in stream.mask.items())
        return plain and wanted and not nested and not stream.get_batch_config(stream.config) and not collects

    @cached_property
    def _is_typed_when_read(self) -> bool:
        """Whether nobody needs the records as objects: no step, no cursor that is no field of theirs."""
        node, resource = self._stream.node, self._stream.node.resource
        cursor = str(node.incremental.cursor_path) if node.incremental else None
        is_field = cursor in self._stream.effective_schema["properties"] and cursor not in node.carried
        is_plain = not resource.processing_steps and resource.endpoint.response_format == "json"
        return is_plain and (cursor is None or is_field)

    def page(self, page: Page, parent: Record | None) -> TypedPage | None:
        """The records of a page that were typed as they were read; None if they were not."""
        block = page.records.block if isinstance(page.records, Rows) else None
        return self._with_given(block, block.cursors, parent) if block else None

    def objects(self, records: Sequence[Record], cursors: Sequence[Any], parent: Record | None) -> TypedPage | None:
        """Records that are objects, typed; None if they do not fit, for the path that knows all."""
        if self.lines is None or not records:
            return None
        try:
            block = self.lines.of(records)
        except MisfitError:
            return None
        return self._with_given(block, cursors, parent)

    def _with_given(self, block: Block, cursors: Sequence[Any], parent: Record | None) -> TypedPage | None:
        if self.lines is None:
            return None
        carried = self._stream.node.carried
        try:
            given = self.lines.given({name: (parent or {}).get(source) for name, source in carried.items()})
        except MisfitError:
            return None
        return TypedPage(block.records, cursors, block.form, given)

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
