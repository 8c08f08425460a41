"""What a module's tests only look at is made once for all of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction


def kept(make: Callable[[], Any]) -> Any:
    """Return a fixture of rows that `make` makes before the first test of a module and that are gone after the last.

    What a test does to them is taken back after it. It hands out what `make` returned: primary keys rather than
    objects, as those are not taken back. Every test of the module meets the rows once they are there, so it is for
    modules in which each test asks for them.
    """

    @pytest.fixture(scope="module")
    def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
        with django_db_blocker.unblock(), transaction.atomic():
            yield make()
            transaction.set_rollback(True)

    return rows
