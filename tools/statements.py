"""Queries that are written once: the statement is kept, and every call fills in its values.

Django takes longer to make a statement of a queryset than the database takes to answer it. A function under
`@statement` returns a queryset of its arguments. It is called once for each shape of them, with stand-ins; what it
writes is kept, on PostgreSQL prepared as well. Each call asks the database and returns a list of new rows.

    @statement
    def _prices_of(tools: Sequence[int], day: datetime.date) -> QuerySet[Price]:
        return Price.objects.filter(tool__in=tools).on(day)

    _prices_of([1, 2], day)

Arguments are numbers, texts, days, moments, and short lists of them; `NOW` stands for the moment at which it is asked.
They may only end up as values of the statement: the function must not look at them, nor at the clock.

What a page will ask in any case it asks `together`, so that on PostgreSQL all of it goes there and back once.
"""

import datetime
import itertools
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, update_wrapper
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.utils import timezone

type Shape = tuple[tuple[type, int], ...]
type Asked = tuple["Statement", Sequence[Any]]  # a statement and its arguments
type Call = tuple["Statement", tuple[Any, ...]]  # the same, as what its rows are kept under
type Question = tuple[Call, "Written", Sequence[Any]]  # what goes to the database
type Rows = dict[Call, list[Any]]
_found_ahead: ContextVar[Rows | None] = ContextVar("found_ahead", default=None)
_trail: ContextVar["Trail | None"] = ContextVar("trail", default=None)


class _Now:
    def __repr__(self) -> str:
        return "NOW"


NOW = _Now()


def statement[M: Model](write: Callable[..., QuerySet[M, Any]]) -> "Statement":
    return Statement(write)


class Statement:
    """A function that returns the rows of a queryset, and has it written once for each shape of its arguments."""

    def __init__(self, write: Callable[..., QuerySet[Any, Any]]) -> None:
        self.write = write
        self.forms: dict[Shape, Written | None] = {}
        update_wrapper(self, write)

    def __call__(self, *values: Any) -> list[Any]:
        written = self.written_for(values)
        if written is None:
            return []
        ahead = _found_ahead.get()
        found = ahead.pop((self, _key(values)), None) if ahead else None
        if found is None:
            with written.asked(values) as cursor:
                found = cursor.fetchall()
        if trail := _trail.get():
            trail.rows[self, _key(values)] = found
            trail.asked[self, _key(values)] = self, values
        return written.made_of(found)

    def written_for(self, values: Sequence[Any]) -> "Written | None":
        """Return the statement for arguments of this shape; None if it can find nothing, as with an empty list."""
        shape = tuple(
            (_kind(it[0]) if it else int, len(it)) if isinstance(it, list) else (_kind(it), -1) for it in values
        )
        if shape not in self.forms:
            self.forms[shape] = _written(self.write, shape)
        return self.forms[shape]


@contextmanager
def together(*calls: Asked) -> Iterator[None]:
    """Ask some statements, each given with its arguments, in one go: the first such call inside finds its rows.

    Only PostgreSQL has anything to gain; elsewhere each call asks by itself.
    """
    ahead = _found_ahead.get() or {}
    missing = [question for question in questions_of(calls) if question[0] not in ahead]
    with at_hand(_answers(missing) if can_go_at_once(missing) else {}):
        yield


@contextmanager
def at_hand(rows: Rows) -> Iterator[None]:
    """Let the first call inside for any of these find its rows, without asking the database."""
    ahead = _found_ahead.get()
    if ahead is not None:
        ahead.update(rows)
        yield
        return
    token = _found_ahead.set(dict(rows))
    try:
        yield
    finally:
        _found_ahead.reset(token)


def rows_of(calls: Sequence[Asked]) -> Rows:
    """Ask some statements and return the rows of each; on PostgreSQL all of them go there and back once."""
    return _answers(questions_of(calls))


def questions_of(calls: Sequence[Asked]) -> list[Question]:
    """Return what there is to ask of some calls; nothing of those that can find nothing."""
    written = [(it, it.written_for(values), values) for it, values in calls]
    return [((it, _key(values)), form, values) for it, form, values in written if form]


def connection_for(questions: Sequence[Question]) -> Any:
    """Return the connection on which questions are asked, all on the same."""
    return connections[questions[0][1].queryset.db]


def can_go_at_once(questions: Sequence[Question]) -> bool:
    return bool(questions) and connection_for(questions).vendor == "postgresql"


def _answers(questions: Sequence[Question]) -> Rows:
    if not can_go_at_once(questions):
        return {call: form.asked(values).fetchall() for call, form, values in questions}
    connection = connection_for(questions)
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    asking = ask if connection.queries_logged or connection.execute_wrappers else _ask_at_once
    with connection.wrap_database_errors, connection.connection.pipeline():
        asked = {call: form.asked(values, asking) for call, form, values in questions}
    return {call: cursor.fetchall() for call, cursor in asked.items()}


class Trail:
    """The statements that were asked inside `followed`, and the rows they found; `is_whole` if nothing else was asked."""

    def __init__(self) -> None:
        self.asked: dict[Call, Asked] = {}
        self.rows: Rows = {}
        self.others = 0

    @property
    def is_whole(self) -> bool:
        return self.others == 0


@contextmanager
def followed() -> Iterator[Trail]:
    """Note what is asked inside: statements with their rows, and how many queries besides."""
    trail = Trail()

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        trail.others += 1
        return execute(sql, params, many, context)

    token = _trail.set(trail)
    try:
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(count))
            yield trail
    finally:
        _trail.reset(token)


def _kind(value: Any) -> type:
    return datetime.datetime if value is NOW else type(value)


def _key(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([tuple(it) if isinstance(it, list) else it for it in values])


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes: its place among the arguments, and what Django makes of it on the way to the database."""

    place: int
    adapt: Callable[[Any], Any]


class Written:
    """A statement as the ORM wrote it, and what its columns become."""

    def __init__(self, queryset: QuerySet[Any, Any], stand_ins: list[Any]) -> None:
        connection = connections[queryset.db]
        compiler = queryset.query.get_compiler(connection=connection)
        self.sql, params = compiler.as_sql()
        self.queryset, self.compiler = queryset, compiler
        self.converters = compiler.get_converters([column for column, *_ in compiler.select])
        places = {_adapter(it, connection)(it): place for place, it in enumerate(stand_ins)}
        self.params = [_slot(param, places, stand_ins, connection) for param in params]
        if len({it.place for it in self.params if isinstance(it, Slot)}) < len(stand_ins):
            raise ValueError("An argument is not a value of the statement.")

    def asked(self, values: Sequence[Any], asking: "Callable[[Any, str, Sequence[Any]], Any] | None" = None) -> Any:
        """Return a cursor from which the rows can be fetched."""
        if trail := _trail.get():
            trail.others -= 1  # as this one is none
        return (asking or ask)(connections[self.queryset.db], self.sql, self.filled(values))

    def filled(self, values: Sequence[Any]) -> list[Any]:
        """Return what goes to the database with the statement, for arguments."""
        flat = [one for it in values for one in (it if isinstance(it, list) else (it,))]
        given = [timezone.now() if it is NOW else it for it in flat]
        return [it.adapt(given[it.place]) if type(it) is Slot else it for it in self.params]

    def made_of(self, found: list[Any]) -> list[Any]:
        """Return what the queryset makes of rows."""
        written: Any = self.queryset
        asked: Any = QuerySet(written.model, query=_Answer(self, found), using=written.db)  # type: ignore[arg-type]
        asked._fields = written._fields
        return list(written._iterable_class(asked))


class _Answer:
    """The rows at hand, as that part of a query and its compiler which Django's own readers of rows ask for."""

    def __init__(self, written: Written, found: list[Any]) -> None:
        compiler = written.compiler
        self.select, self.klass_info = compiler.select, compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map
        self.written, self.found = written, found

    def get_compiler(self, *args: Any, **kwargs: Any) -> "_Answer":
        return self

    def execute_sql(self, *args: Any, **kwargs: Any) -> list[Any]:
        return self.found

    def results_iter(self, results: Any = None, *, tuple_expected: bool = False, **kwargs: Any) -> Iterator[Any]:
        converters = self.written.converters
        rows = self.written.compiler.apply_converters(self.found, converters) if converters else iter(self.found)
        return map(tuple, rows) if tuple_expected else rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self.written.queryset.query, name)


def _written(write: Callable[..., QuerySet[Any, Any]], shape: Shape) -> Written | None:
    """Have the statement of some shape written; None if it can find nothing, as with an empty list."""
    stand_ins: list[Any] = []
    arguments: list[Any] = []
    for kind, count in shape:
        some = [_stand_in(kind, len(stand_ins) + number) for number in range(1 if count < 0 else count)]
        stand_ins += some
        arguments.append(some[0] if count < 0 else some)
    try:
        return Written(write(*arguments), stand_ins)
    except EmptyResultSet:
        return None


def _stand_in(kind: type, place: int) -> Any:
    """Return a value that no query holds by itself."""
    if kind is int:
        return 2_000_000_011 + place
    if kind is str:
        return f"\ue0ff{place}"
    if kind is datetime.datetime:
        return datetime.datetime(1000 + place, 1, 1, tzinfo=datetime.UTC)
    if kind is datetime.date:
        return datetime.date(1000 + place, 1, 1)
    raise TypeError(f"A statement takes no {kind.__name__}.")


def _adapter(stand_in: Any, connection: BaseDatabaseWrapper) -> Callable[[Any], Any]:
    if isinstance(stand_in, datetime.datetime):
        return connection.ops.adapt_datetimefield_value
    if isinstance(stand_in, datetime.date):
        return connection.ops.adapt_datefield_value
    return type(stand_in)


def _slot(param: Any, places: dict[Any, int], stand_ins: list[Any], connection: BaseDatabaseWrapper) -> Any:
    if not isinstance(param, Hashable) or param not in places:
        if isinstance(param, datetime.date):
            raise ValueError("A statement that is kept must not hold the time at which it was written.")
        return param
    place = places[param]
    of_its_own = isinstance(param, int | str) and isinstance(stand_ins[place], int | str)
    return Slot(place, type(param) if of_its_own else _adapter(stand_ins[place], connection))


def ask(connection: Any, sql: str, params: Sequence[Any]) -> Any:
    """Execute a statement and return its cursor; on PostgreSQL the values go apart from it, which is what it takes to
    prepare it.

    Whoever reads along, a developer or a test, reads the values where they belong.
    """
    if connection.vendor != "postgresql" or connection.queries_logged:
        cursor = connection.cursor()
        cursor.execute(sql, params)
        return cursor
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = connection._prepare_cursor(_raw_cursor(connection))
    cursor.execute(_numbered(sql), params)
    return cursor


def _ask_at_once(connection: Any, sql: str, params: Sequence[Any]) -> Any:
    """Do the same on a connection that is open, for whoever sees to its errors."""
    cursor = _raw_cursor(connection)
    cursor.execute(_numbered(sql), params)
    return cursor


def _raw_cursor(connection: Any) -> Any:
    from psycopg import RawCursor  # there need not be PostgreSQL

    return RawCursor(connection.connection)


@lru_cache(maxsize=2_000)
def _numbered(sql: str) -> str:
    """Return a statement with PostgreSQL's own placeholders. psycopg would look for them anew in each long statement."""
    numbers = itertools.count(1)
    return re.sub("%[s%]", lambda found: f"${next(numbers)}" if found[0] == "%s" else "%", sql)
