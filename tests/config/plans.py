"""How the database went about what it was asked: every plan of every statement, those inside functions and triggers too."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

A_GLANCE = 20  # rows that a scan may meet before what it looks for, such as any one sample


@dataclass
class Plans:
    """What was read, and how: for PostgreSQL (relation, node, rows passed over), for SQLite the words of its plan."""

    reads: list[tuple[str, str, float]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def add(self, node: dict[str, Any]) -> None:
        if "Relation Name" in node:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            self.reads.append((node["Relation Name"], node["Node Type"], rows * node["Actual Loops"]))
        for part in node.get("Plans", []):
            self.add(part)

    def scans(self, big: set[str], most_rows: int) -> list[str]:
        """Return what reads a big table from end to end, or passes over many of its rows."""
        found = [
            f"{node} of {table}, {rows:.0f} rows"
            for table, node, rows in self.reads
            if table in big and rows > (A_GLANCE if node == "Seq Scan" else most_rows)
        ]
        for plan in self.words:
            for line in plan.splitlines():
                table = re.match(r"(SCAN|SEARCH) (\w+)", line)
                if table and table[1] == "SCAN" and table[2] in big and "INDEX" not in line:
                    found.append(line)
                if table and "(state=?)" in line:
                    found.append(line)
        return found


@contextmanager
def watched() -> Iterator[Plans]:
    """Collect the plans of everything that is asked meanwhile."""
    plans = Plans()
    with _postgres(plans) if connection.vendor == "postgresql" else _sqlite(plans):
        yield plans


@contextmanager
def _postgres(plans: Plans) -> Iterator[None]:
    """PostgreSQL's own module reports each plan with the rows it really met, as a notice to the client."""

    def note(message: Any) -> None:
        said = message.message_primary or ""
        if "plan:\n" in said:
            plans.add(json.loads(said.split("plan:\n", 1)[1])["Plan"])

    wanted = {"log_min_duration": 0, "log_analyze": "on", "log_timing": "off", "log_nested_statements": "on"}
    wanted |= {"log_format": "json", "log_level": "notice"}
    with connection.cursor() as cursor:
        cursor.execute("LOAD 'auto_explain'")
        for name, value in wanted.items():
            cursor.execute(f"SET auto_explain.{name} = {value}")
        # What is cheap to read whole in a test is not in a large catalogue: let the planner think of that one.
        cursor.execute("SET seq_page_cost = 40")
    connection.connection.add_notice_handler(note)
    try:
        yield
    finally:
        connection.connection.remove_notice_handler(note)
        with connection.cursor() as cursor:
            cursor.execute("SET auto_explain.log_min_duration = -1; SET seq_page_cost = 1")


@contextmanager
def _sqlite(plans: Plans) -> Iterator[None]:
    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH")):
            with closing(connection.create_cursor()) as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params or ())
                plans.words.append("\n".join(row[-1] for row in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield
