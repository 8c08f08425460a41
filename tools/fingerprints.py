"""Whether some statements would find the same rows as before, asked of PostgreSQL in one statement.

It answers with a digest of all the rows instead of the rows: there is hardly anything to send, to read or to compare.
"""

from collections.abc import Sequence
from functools import lru_cache

from django.db import transaction

from tools.statements import Asked, Question, Rows, ask, can_go_at_once, connection_for, questions_of, rows_of


class Fingerprint:
    """The digest of the rows that some statements found. It is another where a row is, as text: 1.0 is not 1.00."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = questions
        self.sql = _asking_for_digest(tuple([form.sql for _, form, _ in questions]))
        self.digest = self._digest_now()

    def holds(self) -> bool:
        """Tell whether the statements would find the same rows at this moment."""
        return self.digest == self._digest_now()

    def _digest_now(self) -> bytes:
        params = [param for _, form, values in self.questions for param in form.filled(values)]
        with ask(connection_for(self.questions), self.sql, params) as cursor:
            return bytes(cursor.fetchone()[0])


def rows_and_fingerprint(calls: Sequence[Asked]) -> tuple[Rows, Fingerprint | None]:
    """Return the rows of some statements and their fingerprint, both of one moment; none where that cannot be had."""
    questions = questions_of(calls)
    if not can_go_at_once(questions) or (connection := connection_for(questions)).in_atomic_block:
        return rows_of(calls), None
    with transaction.atomic(using=connection.alias):  # in one that had begun before, each statement has its own moment
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return rows_of(calls), Fingerprint(questions)


@lru_cache(maxsize=1_000)
def _asking_for_digest(statements: tuple[str, ...]) -> str:
    """Return one statement for all. A row as text quotes what is in it: nothing in it can look like the end of a row."""
    rows = "COALESCE((SELECT string_agg(row_found::text, ',') FROM ({}) row_found), '')"
    return f"SELECT sha256(convert_to({" || ';' || ".join(map(rows.format, statements))}, 'UTF8'))"
