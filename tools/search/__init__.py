"""Finding tools by what a reader remembers of them, kept in step by the database itself."""

from tools.search.finding import Found, Want, alike, find, former_names, suggest
from tools.search.folding import fold, squash
from tools.search.schema import install, uninstall
from tools.search.upkeep import out_of_step, rebuild

__all__ = [
    "Found",
    "Want",
    "alike",
    "find",
    "fold",
    "former_names",
    "install",
    "out_of_step",
    "rebuild",
    "squash",
    "suggest",
    "uninstall",
]
