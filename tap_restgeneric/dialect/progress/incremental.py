"""Which window of its records does a run read? From state, to the request, to the next bookmark."""

from __future__ import annotations

import operator
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace
from pydantic import Field, field_validator, model_validator

from tap_restgeneric.dialect.blocks import Block
from tap_restgeneric.dialect.jsonpath.selectors import MISSING, Path
from tap_restgeneric.dialect.placeholders import OMIT
from tap_restgeneric.dialect.progress import instants
from tap_restgeneric.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from typing_extensions import Self


class Incremental(Block):
    """Records are read from where the last run ended."""

    type: Literal["incremental"] = "incremental"
    cursor_path: Path = Field(description="where in a record the cursor value is")
    initial_value: str | int | float | None = Field(None, description="lower bound of the first run")
    end_value: str | int | float | None = Field(None, description="upper bound; such a run keeps no state")
    last_value_func: Literal["max", "min"] = Field("max", description="which of two values is later")
    start_param: str | None = Field(None, description="query parameter for the lower bound")
    end_param: str | None = Field(None, description="query parameter for the upper bound")
    convert: str | None = Field(
        None, description="form in requests: iso8601, date, epoch, epoch_ms or a strftime format"
    )
    lag: int | float = Field(
        0, ge=0, description="look-back: units of a number, seconds of a date-time, days of a date"
    )
    step: int | float | str | None = Field(
        None, description="size of the windows that a run is cut into: units of a number, or a duration (P1D, PT6H)"
    )
    row_order: Literal["asc", "desc"] | None = Field(None, description="order in which the API gives the records")
    on_cursor_value_missing: Literal["raise", "include", "exclude"] = Field(
        "raise", description="what happens to a record without the cursor value, or with null"
    )
    range_start: Literal["open", "closed"] = Field("closed", description="open: the lower bound itself is left out")
    range_end: Literal["open", "closed"] = Field("open", description="open: the upper bound itself is left out")
    primary_key: Any = Field(None, description="without effect: targets remove duplicates by key")
    allow_external_schedulers: bool = Field(default=False, description="without effect in a tap")

    @field_validator("convert")
    @classmethod
    def _known_form(cls, form: str | None) -> str | None:
        if form is not None and form not in instants.NAMED_FORMATS and "%" not in form:
            raise ValueError(
                f"unknown form {form!r} (known: {', '.join(instants.NAMED_FORMATS)}, or a strftime format)"
            )
        return form

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.end_value is not None and self.initial_value is None:
            raise ValueError("end_value needs initial_value: the window must have a beginning")
        if self.step is not None and self.last_value_func == "min":
            raise ValueError("step goes forward, and last_value_func: min goes back: they exclude each other")
        return self

    @model_validator(mode="after")
    def _ends_behind_its_beginning(self) -> Self:
        if self.initial_value is None or self.end_value is None:
            return self
        try:
            ends_before = self.later(self.initial_value, self.end_value)
        except RecordError:
            raise ValueError("initial_value and end_value cannot be compared") from None
        if ends_before:
            raise ValueError("nothing lies between initial_value and end_value: the end comes first")
        return self

    @field_validator("step")
    @classmethod
    def _known_step(cls, step: float | str | None) -> float | str | None:
        if step is not None and instants.length(step) <= 0:
            raise ValueError("step must be more than nothing")
        return step

    def value(self, record: Any) -> Any:
        """The cursor value of a record: the latest, if the path leads to several of them; MISSING if to none.

        Raises:
            RecordError: They cannot be compared.
        """
        if not self._leads_to_several:
            return self.cursor_path.first(record)
        latest: Any = MISSING
        for found in self.cursor_path.find(record):
            if latest is MISSING or latest is None or (found is not None and self.later(found, latest)):
                latest = found
        return latest

    @cached_property
    def _leads_to_several(self) -> bool:
        return bool(set(str(self.cursor_path)) & set("*?|,:")) or ".." in str(self.cursor_path)

    def window(self, bookmark: Any, start_date: str | None) -> Window:
        """The window of a run.

        Args:
            bookmark: The last value in state, as the API wrote it; None on a first run.
            start_date: The tap's `start_date`, for a stream without `initial_value`.

        Raises:
            RecordError: `lag` cannot be taken from the bookmark.
        """
        stored = bookmark if self.end_value is None else None
        initial = self.initial_value if self.initial_value is not None else start_date
        start = initial if stored is None else self._lagging(stored, initial)
        last = start if stored is None else stored
        return Window(block=self, initial=initial, start=start, last=last, end=self.end_value)

    def _lagging(self, stored: Any, initial: Any) -> Any:
        """A bookmark moved back by `lag`, but not behind the initial value."""
        if not self.lag:
            return stored
        try:
            start = instants.shifted(stored, -self.lag if self.last_value_func == "max" else self.lag)
        except ValueError as error:
            raise RecordError(f"incremental: {error}") from None
        return initial if initial is not None and self.later(initial, start) else start

    def later(self, one: Any, other: Any) -> bool:
        """Whether `one` comes after `other` in the direction of `last_value_func`.

        Raises:
            RecordError: The two cannot be compared.
        """
        ahead = compared(*self._aligned(one, other))
        return ahead > 0 if self.last_value_func == "max" else ahead < 0

    def _aligned(self, one: Any, other: Any) -> tuple[Any, Any]:
        """A number and a text that names a moment, as two numbers: `convert` says how this API counts."""
        if self.convert not in {"epoch", "epoch_ms"}:
            return one, other
        counted, moment = (
            (instants.number(one), instants.number(other)),
            (instants.instant(one), instants.instant(other)),
        )
        if counted[0] is not None and moment[1]:
            return counted[0], instants.converted(other, instants.unit(counted[0]))
        if counted[1] is not None and moment[0]:
            return instants.converted(one, instants.unit(counted[1])), counted[1]
        return one, other


class Window(Struct, frozen=True, kw_only=True):
    """The records a run asks for, and how far it has come.

    Attributes:
        block: The block it belongs to.
        initial: Lower bound of a first run.
        start: Lower bound of this run; None: none.
        last: The latest value so far, as the API wrote it: the next bookmark.
        end: Upper bound of this window where a run is cut into steps; else that of the block.
        now: The end of the last step of a run that is open: asked for, but nothing is left out for it.
        seen: The latest value delivered in this run.
        disordered: Whether records came in another order than `row_order` says.
    """

    block: Incremental
    initial: Any
    start: Any
    last: Any
    end: Any = None
    now: Any = None
    seen: Any = None
    disordered: bool = False

    @property
    def bookmark(self) -> tuple[str, Any] | None:
        """What state keeps, by name; None: nothing, or the run has an end."""
        if self.last is None or self.block.end_value is not None:
            return None
        return str(self.block.cursor_path), self.last

    def values(self) -> dict[str, Any]:
        """The values of the placeholders `{incremental.*}`; what has no value is left out of the request.

        `incremental.params` holds the query parameters of `start_param` and `end_param`.

        Raises:
            RecordError: A value cannot be converted.
        """
        return {
            "incremental.start_value": self._sent(self.start),
            "incremental.last_value": self._sent(self.start),
            "incremental.initial_value": self._sent(self.initial),
            "incremental.end_value": self._sent(self._asked_end),
            "incremental.lag": self.block.lag,
            "incremental.params": self.params(),
        }

    @property
    def _asked_end(self) -> Any:
        """The upper bound that requests name: the last step of a run ends now, but nothing is left out for it."""
        return self.end if self.end is not None else self.now

    def steps(self, now: datetime) -> Iterator[Window]:
        """The windows that a run asks for one after another, each a checkpoint; the window itself without `step`.

        Args:
            now: The end of a run that has no `end_value`.

        Raises:
            RecordError: The run has no beginning, or it ends nowhere.
        """
        if self.block.step is None:
            yield self
            return
        try:
            bound = self.block.end_value if self.block.end_value is not None else instants.alike(now, self.start)
            window, end = self, instants.shifted(self.start, instants.steps_of(self.start, self.block.step))
        except ValueError as error:
            raise RecordError(f"incremental: step: {error}") from None
        while compared(end, bound) < 0:
            yield replace(window, end=end)
            window = replace(window, start=end, last=end, seen=None)
            end = instants.shifted(end, instants.steps_of(end, self.block.step))
        yield replace(window, end=self.block.end_value, now=bound)

    def closed(self) -> Window:
        """The window when all of it was read: what comes next begins behind its end, if that is certain."""
        stepped = self.block.step is not None and self.now is None and self.end is not None
        ahead = self.last is None or self.block.later(self.end, self.last) if stepped else False
        return replace(self, last=self.end) if ahead else self

    def params(self) -> dict[str, Any]:
        """The query parameters of `start_param` and `end_param`."""
        named = {self.block.start_param: self._sent(self.start), self.block.end_param: self._sent(self._asked_end)}
        return {name: value for name, value in named.items() if name and value is not OMIT}

    def _sent(self, value: Any) -> Any:
        if value is None:
            return OMIT
        if self.block.convert is None:
            return value
        try:
            return instants.converted(value, self.block.convert)
        except ValueError as error:
            raise RecordError(f"incremental: {error}") from None

    def holds(self, value: Any) -> bool:
        """Whether a record with this cursor value belongs to the window.

        Raises:
            RecordError: The value is missing and `on_cursor_value_missing` is `raise`, or it cannot be compared.
        """
        if value is not MISSING and value is not None:
            return not self._before_start(value) and not self._past_end(value)
        if self.block.on_cursor_value_missing == "raise":
            raise RecordError(
                f"incremental: a record has no {self.block.cursor_path} (on_cursor_value_missing: include or exclude)"
            )
        return self.block.on_cursor_value_missing == "include"

    def _before_start(self, value: Any) -> bool:
        if self.start is None:
            return False
        if self.block.range_start == "open":
            return not self.block.later(value, self.start)
        return self.block.later(self.start, value)

    def _past_end(self, value: Any) -> bool:
        if self.end is None:
            return False
        if self.block.range_end == "open":
            return not self.block.later(self.end, value)
        return self.block.later(value, self.end)

    def advanced(self, value: Any) -> Window:
        """The window after a record with this cursor value was delivered."""
        if value is MISSING or value is None:
            return self
        behind = self.seen is not None and self.block.later(self.seen, value)
        ahead = self.last is None or self.block.later(value, self.last)
        return replace(
            self,
            last=value if ahead else self.last,
            seen=self.seen if behind else value,
            disordered=self.disordered or (behind and self.block.row_order == "asc"),
        )

    def passed(self, values: Sequence[Any]) -> Window | None:
        """The window after records with these cursor values, if they plainly belong to it; else None.

        It gives what `holds` and `advanced` give for one value after another, with a look at the ends of a page alone.
        """
        if not values or not instants.comparable(values):
            return None
        rises = self.block.last_value_func == "max"
        first, latest = (min(values), max(values)) if rises else (max(values), min(values))
        if not (self.holds(first) and self.holds(latest)):
            return None
        in_order = all(map(operator.le if rises else operator.ge, values, values[1:]))
        behind = self.seen is not None and self.block.later(self.seen, values[0])
        return replace(
            self,
            last=latest if self.last is None or self.block.later(latest, self.last) else self.last,
            seen=self.seen if self.seen is not None and self.block.later(self.seen, latest) else latest,
            disordered=self.disordered or (self.block.row_order == "asc" and (behind or not in_order)),
        )

    def done(self, values: Sequence[Any]) -> bool:
        """Whether a page with these cursor values, in order, is the last one the window needs.

        A page that is not in the order of `row_order` says nothing about the next one.
        """
        known = [value for value in values if value is not MISSING and value is not None]
        if not known or self.block.row_order is None:
            return False
        if self.block.row_order == "desc":
            behind = self.start is not None and self.block.later(self.start, known[-1])
            return behind and not any(self.block.later(later, earlier) for earlier, later in pairwise(known))
        past = self.end is not None and self._past_end(known[-1])
        return past and not any(self.block.later(earlier, later) for earlier, later in pairwise(known))


def compared(one: Any, other: Any) -> int:
    """-1, 0 or 1: moments are compared as moments, numbers and texts of digits as numbers, other texts as texts.

    Raises:
        RecordError: The two cannot be compared.
    """
    readings: tuple[Callable[[Any], Any], ...] = (instants.instant, instants.number, _text)
    for reading in readings:
        left, right = reading(one), reading(other)
        if left is not None and right is not None:
            return int(left > right) - int(left < right)
    raise RecordError(f"incremental: cursor values {one!r} and {other!r} cannot be compared")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
