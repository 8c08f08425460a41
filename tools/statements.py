"""Queries that are written once: the statement is kept, and every call fills in its values.

Django takes longer to make a statement of a queryset than the database takes to answer it. A function under
`@statement` returns a queryset of its arguments. It is called once for each shape of them, with stand-ins; what it
writes is kept, on PostgreSQL prepared as well. Each call asks the database and returns a list of new rows.

    @statement
    def _prices_of(tools: Sequence[int], day: datetime.date) -> QuerySet[Price]:
        return Price.objects.filter(tool__in=tools).on(day)

    _prices_of([1, 2], day)

Arguments are numbers, texts, days, moments, and short lists of them. They may only end up as values of the statement: the
function must not look at them, nor at the clock.
"""

import datetime
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet

type Shape = tuple[tuple[type, int], ...]


def statement[M: Model](write: Callable[..., QuerySet[M, Any]]) -> "Statement":
    return Statement(write)


class Statement:
    """A function that returns the rows of a queryset, and has it written once for each shape of its arguments."""

    def __init__(self, write: Callable[..., QuerySet[Any, Any]]) -> None:
        self.write = write
        self.written: dict[Shape, Written | None] = {}
        update_wrapper(self, write)

    def __call__(self, *values: Any) -> list[Any]:
        shape = tuple(
            (type(it[0]) if it else int, len(it)) if isinstance(it, list) else (type(it), -1) for it in values
        )
        if shape not in self.written:
            self.written[shape] = _written(self.write, shape)
        kept = self.written[shape]
        return kept.rows(_flat(values)) if kept else []


def _flat(values: Sequence[Any]) -> list[Any]:
    return [one for it in values for one in (it if isinstance(it, list) else (it,))]


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

    def rows(self, values: list[Any]) -> list[Any]:
        using = self.queryset.db
        params = [it.adapt(values[it.place]) if type(it) is Slot else it for it in self.params]
        with _cursor(connections[using]) as cursor:
            cursor.execute(self.sql, params)
            answer = _Answer(self, cursor.fetchall())
        asked: Any = QuerySet(self.queryset.model, query=answer, using=using)  # type: ignore[arg-type]
        as_written: Any = self.queryset
        asked._fields = as_written._fields
        return list(as_written._iterable_class(asked))


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


def _cursor(connection: Any) -> CursorWrapper:
    """Return a cursor; on PostgreSQL one that sends values apart from the statement, which is what it takes to prepare it."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor

    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection._prepare_cursor(ServerBindingCursor(connection.connection))  # type: ignore[call-arg]
