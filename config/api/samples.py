"""One example of each operation, on rows of the sample site: what the documentation shows, a test runs as it stands."""

import json
from dataclasses import dataclass, field
from typing import Any

TOOL = {"slug": "claude-code"}
NEW = {"slug": "a-new-tool"}
SEAT = {"tool": "claude-code", "reviewer": "builder"}
OF_STAFF = "/staff/verdicts/claude-code/builder/"
SAID = {"tool": "claude-code", "reviewer": "skeptic"}


@dataclass(frozen=True, slots=True)
class Sample:
    """What stands for the names in braces, and what is sent along.

    A value that begins with `$` is one that has to be read first: at `reads`, under that name in lower case.
    """

    names: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    reads: str = ""


SAMPLES = {
    "categories_read": Sample({"slug": "coding-assistants"}),
    "comparisons_read": Sample({"slug": "claude-files-api-vs-smolvlm2-turbo"}),
    "issues_read": Sample({"slug": "2026-w47"}),
    "rankings_category": Sample({"slug": "coding-assistants"}),
    "reviewers_read": Sample({"slug": "skeptic"}),
    "staff_tools_make": Sample({}, {"name": "A new tool", "category": "coding-assistants"}),
    "staff_tools_read": Sample(TOOL),
    "staff_tools_change": Sample(TOOL, {"version": "$VERSION", "latest_version": "9.1"}, "/staff/tools/claude-code/"),
    "staff_tools_state": Sample(NEW, {"version": "$VERSION", "state": "published"}, "/staff/tools/a-new-tool/"),
    "staff_verdicts_read": Sample(SEAT),
    "staff_verdicts_write": Sample(
        SEAT,
        {
            "version": "$VERSION",
            "decision": "skip",
            "reason": "Tried again: it still asks for more rights than it needs.",
            "evidence": "trial",
            "tested_on": "2026-11-20",
            "revision_note": "Tested again.",
        },
        OF_STAFF,
    ),
    "staff_verdicts_publish": Sample(SEAT, {"version": "$VERSION"}, OF_STAFF),
    "staff_verdicts_withdraw": Sample(
        SEAT, {"version": "$VERSION", "reason": "It was about another product."}, OF_STAFF
    ),
    "subscription_ask": Sample({}, {"email": "ada@example.org", "stamp": "$STAMP"}, "/subscription/"),
    "tools_read": Sample(TOOL),
    "tools_score": Sample(TOOL),
    "verdicts_read": Sample(SAID),
    "verdicts_revisions": Sample(SAID),
    "votes_read": Sample(TOOL),
    "votes_set": Sample(TOOL, {"choice": "ship"}),
    "votes_withdraw": Sample(TOOL),
}


def path_of(operation: str, path: str) -> str:
    """Return the path below /api/v1 with an example in place of each name in braces."""
    return path.removeprefix("/api/v1").format(**SAMPLES.get(operation, Sample()).names)


def as_curl(operation: str, method: str, path: str, site: str, *, is_private: bool) -> str:
    """Return the command that asks it."""
    sample = SAMPLES.get(operation, Sample())
    secret = ['-H "Authorization: Bearer $TOKEN"'] if is_private else []
    reading = [_reading(value, " ".join([f"{site}/api/v1{sample.reads}", *secret])) for value in _to_read(sample)]
    lines = [f"curl{f' -X {method}' if method not in {'GET', 'POST'} else ''} {site}/api/v1{path_of(operation, path)}"]
    lines += secret
    if sample.body:
        text = json.dumps(sample.body, ensure_ascii=False)
        for value in _to_read(sample):
            text = text.replace(value, f"'{value}'")
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    return "\n".join([*reading, " \\\n  ".join(lines)])


def _reading(value: str, asked: str) -> str:
    told = f'import json, sys; print(json.load(sys.stdin)["{value[1:].lower()}"])'
    return f"{value[1:]}=$(curl -s {asked} | python3 -c '{told}')"


def as_python(operation: str, method: str, path: str) -> str:
    """Return the lines that ask it, with the `ask` of the page's beginning."""
    sample = SAMPLES.get(operation, Sample())
    words = [json.dumps(method), json.dumps(path_of(operation, path))]
    lines = []
    if sample.body:
        text = _python(sample.body)
        for value in _to_read(sample):
            text = text.replace(json.dumps(value), f'read["{value[1:].lower()}"]')
            lines = [f'read = ask("GET", "{sample.reads}")']
        words.append(text)
    lines.append(f"print(ask({', '.join(words)}))")
    return "\n".join(lines)


def _python(body: dict[str, Any]) -> str:
    words = {True: "True", False: "False", None: "None"}
    told = [
        f"{json.dumps(k)}: {words[v] if v is None or isinstance(v, bool) else json.dumps(v, ensure_ascii=False)}"
        for k, v in body.items()
    ]
    return "{" + ", ".join(told) + "}"


def _to_read(sample: Sample) -> list[str]:
    return [value for value in sample.body.values() if isinstance(value, str) and value.startswith("$")]
