"""The search index: tables that triggers keep in step with the tools, in the transaction of every change.

Triggers, because rows also come in by bulk inserts, updates and imports that no method of a model sees. On SQLite they
name nothing but the new row and the index itself: a migration that rebuilds `tools_tool` would trip over a trigger
elsewhere that mentions it. Such a migration drops the triggers of the table it rebuilds and has to call `install`
again; a test notices when it does not.

| table | holds |
| --- | --- |
| tools_searchentry | a row per public tool: its folded name, and the text that is searched |
| tools_searchtext (SQLite) | the same text as a full-text table |
| tools_searchword | every word of names, addresses, vendors and taglines: what typing errors are measured against |
| tools_searchgram (SQLite) | the same words as a trigram table |
| tools_searchformer | former names and addresses of tools |
"""

from typing import Any

from django.db import DatabaseError, transaction

from tools.search.folding import GAPS, JOINED, LETTERS, MARKS, fold_table

TABLES = ["tools_searchentry", "tools_searchword", "tools_searchformer"]
NO_TRIGRAMS = (
    "PostgreSQL did not let this account create the extension pg_trgm, so typing errors are found less well. "
    "Ask the database's owner for CREATE EXTENSION pg_trgm, then run: manage.py search_index rebuild"
)

POSTGRES = rf"""
CREATE FUNCTION tools_fold(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(lower(regexp_replace(normalize($1, NFKD), '[{MARKS}]', '', 'g')), '[{GAPS.replace("'", "''")}]+', ' ', 'g'))
$$;
CREATE TABLE tools_searchentry (
  tool_id bigint PRIMARY KEY, folded text COLLATE "C" NOT NULL, squashed text COLLATE "C" NOT NULL, words text NOT NULL,
  document tsvector NOT NULL
);
CREATE INDEX tools_searchentry_folded ON tools_searchentry (folded);
CREATE INDEX tools_searchentry_squashed ON tools_searchentry (squashed);
CREATE INDEX tools_searchentry_document ON tools_searchentry USING gin (document) WITH (fastupdate = off);
CREATE TABLE tools_searchword (word text COLLATE "C" PRIMARY KEY);
CREATE TABLE tools_searchformer (tool_id bigint, former text, PRIMARY KEY (tool_id, former));
CREATE VIEW tools_searchfresh AS
  SELECT f.*, setweight(to_tsvector('simple', names), 'A') || setweight(to_tsvector('simple', vendor), 'B')
    || setweight(to_tsvector('simple', tagline), 'C') || setweight(to_tsvector('simple', description), 'D') AS document,
    names || ' ' || vendor || ' ' || tagline AS words, replace(folded, ' ', '') AS squashed
  FROM (
    SELECT id AS tool_id, tools_fold(name) AS folded, tools_fold(vendor) AS vendor, tools_fold(tagline) AS tagline,
      tools_fold(description) AS description, tools_fold(name || ' ' || slug || ' ' || coalesce(
        (SELECT string_agg(former, ' ' ORDER BY former) FROM tools_searchformer s WHERE s.tool_id = t.id), '')) AS names
    FROM tools_tool t WHERE state <> 'draft'
  ) f;
CREATE FUNCTION tools_index(bigint) RETURNS void LANGUAGE sql AS $$
  DELETE FROM tools_searchentry WHERE tool_id = $1;
  INSERT INTO tools_searchentry (tool_id, folded, squashed, words, document)
    SELECT tool_id, folded, squashed, words, document FROM tools_searchfresh WHERE tool_id = $1
    ON CONFLICT (tool_id) DO UPDATE SET folded = excluded.folded, squashed = excluded.squashed, words = excluded.words,
      document = excluded.document;
  INSERT INTO tools_searchword SELECT word FROM (
      SELECT regexp_split_to_table(words, ' ') AS word FROM tools_searchentry WHERE tool_id = $1
      UNION SELECT squashed FROM tools_searchentry WHERE tool_id = $1 AND length(squashed) <= {JOINED}
    ) w WHERE length(word) BETWEEN 3 AND {LETTERS} AND word !~ '^[0-9]+$' ORDER BY word ON CONFLICT DO NOTHING;
$$;
CREATE FUNCTION tools_tool_to_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM tools_searchentry WHERE tool_id = OLD.id;
    DELETE FROM tools_searchformer WHERE tool_id = OLD.id;
    RETURN NULL;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.name <> NEW.name AND OLD.state <> 'draft' THEN
    INSERT INTO tools_searchformer VALUES (OLD.id, OLD.name) ON CONFLICT DO NOTHING;
  END IF;
  PERFORM tools_index(NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION tools_formerslug_to_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'UPDATE') THEN
    DELETE FROM tools_searchformer WHERE tool_id = OLD.tool_id AND former = OLD.slug;
    PERFORM tools_index(OLD.tool_id);
  END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    INSERT INTO tools_searchformer VALUES (NEW.tool_id, NEW.slug) ON CONFLICT DO NOTHING;
    PERFORM tools_index(NEW.tool_id);
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION tools_empty_index() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  TRUNCATE tools_searchentry, tools_searchformer, tools_searchword;
  RETURN NULL;
END $$;
CREATE TRIGGER tools_search_written AFTER INSERT OR DELETE OR UPDATE OF name, slug, tagline, description, vendor, state
  ON tools_tool FOR EACH ROW EXECUTE FUNCTION tools_tool_to_index();
CREATE TRIGGER tools_search_emptied AFTER TRUNCATE ON tools_tool EXECUTE FUNCTION tools_empty_index();
CREATE TRIGGER tools_search_moved AFTER INSERT OR DELETE OR UPDATE
  ON tools_formerslug FOR EACH ROW EXECUTE FUNCTION tools_formerslug_to_index();
"""
POSTGRES_DROP = """
DROP TRIGGER IF EXISTS tools_search_written ON tools_tool;
DROP TRIGGER IF EXISTS tools_search_emptied ON tools_tool;
DROP TRIGGER IF EXISTS tools_search_moved ON tools_formerslug;
DROP FUNCTION IF EXISTS tools_near(text);
DROP FUNCTION IF EXISTS tools_tool_to_index();
DROP FUNCTION IF EXISTS tools_formerslug_to_index();
DROP FUNCTION IF EXISTS tools_empty_index();
DROP FUNCTION IF EXISTS tools_index(bigint);
DROP VIEW IF EXISTS tools_searchfresh;
DROP TABLE IF EXISTS tools_searchentry, tools_searchword, tools_searchformer;
DROP FUNCTION IF EXISTS tools_fold(text);
"""
# A lower threshold than the extension's own: swapped letters leave few trigrams in common, in a short word none.
NEAR_BY_TRIGRAMS = """
CREATE INDEX IF NOT EXISTS tools_searchword_trigrams ON tools_searchword USING gin (word gin_trgm_ops) WITH (fastupdate = off);
CREATE OR REPLACE FUNCTION tools_near(text) RETURNS SETOF text LANGUAGE sql STABLE
  SET pg_trgm.similarity_threshold = 0.2 AS $$
  (SELECT word FROM tools_searchword WHERE word % $1 ORDER BY similarity(word, $1) DESC, word LIMIT 80)
  UNION (SELECT word FROM tools_searchword WHERE length($1) >= 3 AND word LIKE '%' || $1 || '%' LIMIT 20)
  UNION (SELECT word FROM tools_searchword WHERE length($1) <= 5 AND word >= left($1, 1) AND word < left($1, 1) || U&'\\+10FFFF'
    AND length(word) BETWEEN length($1) - 1 AND length($1) + 1 LIMIT 1000)
$$;
"""
NEAR_BY_BEGINNING = """
CREATE OR REPLACE FUNCTION tools_near(text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
  SELECT word FROM tools_searchword WHERE word >= left($1, 2) AND word < left($1, 2) || U&'\\+10FFFF' LIMIT 2000
$$;
"""

_FOLD = """(SELECT coalesce(group_concat(coalesce(m.plain, c.letter), ''), '') FROM (
  WITH RECURSIVE place(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM place WHERE i < length({text}))
  SELECT i, substr({text}, i, 1) AS letter FROM place ORDER BY i) c LEFT JOIN tools_searchfold m ON m.letter = c.letter)"""


def folded(text: str) -> str:
    """Return the SQLite expression of `folding.fold`: letter by letter, for it has no function that could do it."""
    squeezed = _FOLD.format(text=text)
    for _ in range(5):
        squeezed = f"replace({squeezed}, '  ', ' ')"
    return f"trim({squeezed})"


def former_names(tool: str) -> str:
    rows = f"SELECT former FROM tools_searchformer WHERE tool_id = {tool} ORDER BY former"
    return f"coalesce((SELECT group_concat(former, ' ') FROM ({rows})), '')"


# The conflict clause of whoever writes a row rules in its triggers too: they must do without one of their own.
_KEEP = """  INSERT INTO tools_searchformer SELECT {0} WHERE {1} AND NOT EXISTS
    (SELECT 1 FROM tools_searchformer WHERE (tool_id, former) = ({0}));
"""
_ENTER = """  INSERT INTO tools_searchentry (tool_id, name, slug, vendor, tagline, description)
    SELECT NEW.id, NEW.name, NEW.slug, NEW.vendor, NEW.tagline, NEW.description WHERE NEW.state <> 'draft';
"""
_LEAVE = """  DELETE FROM tools_searchtext WHERE rowid = {0};
  DELETE FROM tools_searchentry WHERE tool_id = {0};
"""
_DIGEST = f"""  UPDATE tools_searchentry SET folded = {folded("NEW.name")},
    names = {folded(f"(NEW.name || ' ' || NEW.slug || ' ' || {former_names('NEW.tool_id')})")} WHERE tool_id = NEW.tool_id;
  UPDATE tools_searchentry SET squashed = replace(folded, ' ', ''),
    words = names || ' ' || {folded("(NEW.vendor || ' ' || NEW.tagline)")} WHERE tool_id = NEW.tool_id;
  DELETE FROM tools_searchtext WHERE rowid = NEW.tool_id;
  INSERT INTO tools_searchtext (rowid, names, vendor, tagline, description)
    SELECT tool_id, names, vendor, tagline, description FROM tools_searchentry WHERE tool_id = NEW.tool_id;
  INSERT INTO tools_searchword SELECT value FROM (
    SELECT value FROM tools_searchentry, json_each('["' || replace(words, ' ', '","') || '"]') WHERE tool_id = NEW.tool_id
    UNION SELECT squashed FROM tools_searchentry WHERE tool_id = NEW.tool_id AND length(squashed) <= {JOINED}
  ) WHERE length(value) BETWEEN 3 AND {LETTERS} AND value GLOB '*[^0-9]*'
    AND NOT EXISTS (SELECT 1 FROM tools_searchword w WHERE w.word = value);
"""


def _trigger(name: str, event: str, body: str) -> str:
    return f"CREATE TRIGGER tools_search_{name} AFTER {event} FOR EACH ROW BEGIN\n{body}END;"


_TOUCH = "  UPDATE tools_searchentry SET touched = touched + 1 WHERE tool_id = {0}.tool_id;\n"
_FORGET = "  DELETE FROM tools_searchformer WHERE tool_id = OLD.tool_id AND former = OLD.slug;\n"
_MOVED = _KEEP.format("NEW.tool_id, NEW.slug", "1") + _TOUCH.format("NEW")
_RENAMED = _KEEP.format("OLD.id, OLD.name", "OLD.name <> NEW.name AND OLD.state <> 'draft'")
COLUMNS = "name, slug, tagline, description, vendor, state"
SQLITE_TRIGGERS = {
    "written": ("INSERT ON tools_tool", _ENTER),
    "rewritten": (f"UPDATE OF {COLUMNS} ON tools_tool", _RENAMED + _LEAVE.format("NEW.id") + _ENTER),
    "deleted": (
        "DELETE ON tools_tool",
        _LEAVE.format("OLD.id") + "  DELETE FROM tools_searchformer WHERE tool_id = OLD.id;\n",
    ),
    "moved": ("INSERT ON tools_formerslug", _MOVED),
    "moved_again": ("UPDATE ON tools_formerslug", _FORGET + _TOUCH.format("OLD") + _MOVED),
    "forgotten": ("DELETE ON tools_formerslug", _FORGET + _TOUCH.format("OLD")),
    "entered": ("INSERT ON tools_searchentry", _DIGEST),
    "touched": ("UPDATE OF touched ON tools_searchentry", _DIGEST),
    "learnt": (
        "INSERT ON tools_searchword",
        "  INSERT INTO tools_searchgram (rowid, word) VALUES (NEW.rowid, '__' || NEW.word || '_');\n",
    ),
}
SQLITE_TABLES = [
    "CREATE TABLE tools_searchfold (letter TEXT PRIMARY KEY, plain TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE tools_searchentry (tool_id INTEGER PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL,
  vendor TEXT NOT NULL, tagline TEXT NOT NULL, description TEXT NOT NULL, folded TEXT NOT NULL DEFAULT '',
  squashed TEXT NOT NULL DEFAULT '', names TEXT NOT NULL DEFAULT '', words TEXT NOT NULL DEFAULT '',
  touched INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX tools_searchentry_folded ON tools_searchentry (folded)",
    "CREATE INDEX tools_searchentry_squashed ON tools_searchentry (squashed)",
    "CREATE TABLE tools_searchword (word TEXT PRIMARY KEY)",
    "CREATE TABLE tools_searchformer (tool_id INTEGER, former TEXT, PRIMARY KEY (tool_id, former)) WITHOUT ROWID",
    """CREATE VIRTUAL TABLE tools_searchtext USING fts5(names, vendor, tagline, description,
  tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')""",
    "CREATE VIRTUAL TABLE tools_searchgram USING fts5(word, tokenize = 'trigram')",
]
SQLITE_NAMES = ["searchfold", "searchentry", "searchword", "searchformer", "searchtext", "searchgram"]


def install(connection: Any, say: Any = print) -> None:
    """Create the index, its triggers and its content anew. `say` hears what the database would not allow."""
    uninstall(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES)
            cursor.execute(NEAR_BY_TRIGRAMS if _has_trigrams(connection, say) else NEAR_BY_BEGINNING)
        else:
            for statement in [*SQLITE_TABLES, *(_trigger(name, *it) for name, it in SQLITE_TRIGGERS.items())]:
                cursor.execute(statement)
            cursor.executemany("INSERT INTO tools_searchfold VALUES (%s, %s)", fold_table())
    fill(connection)


def _has_trigrams(connection: Any, say: Any) -> bool:
    """Create pg_trgm where it is allowed; say so where it is not."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        say(f"{NO_TRIGRAMS}\n({str(error).strip().splitlines()[0]})")
        return False
    return True


def uninstall(connection: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_DROP)
            return
        for name in SQLITE_TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS tools_search_{name}")
        for name in SQLITE_NAMES:
            cursor.execute(f"DROP TABLE IF EXISTS tools_{name}")


def fill(connection: Any) -> None:
    """Enter every public tool. Names it had are in its history, addresses in `tools_formerslug`."""
    known = "ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO tools_searchformer SELECT tool_id, slug FROM tools_formerslug WHERE true {known}")
        cursor.execute(
            "INSERT INTO tools_searchformer SELECT DISTINCT h.id, h.name FROM tools_historicaltool h "
            f"JOIN tools_tool t ON t.id = h.id WHERE h.state <> 'draft' AND h.name <> t.name {known}"
        )
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tools_index(id) FROM tools_tool WHERE state <> 'draft'")
        else:
            cursor.execute(
                "INSERT INTO tools_searchentry (tool_id, name, slug, vendor, tagline, description) "
                "SELECT id, name, slug, vendor, tagline, description FROM tools_tool WHERE state <> 'draft'"
            )
