from tools.models.asked import AskedState
from tools.models.change import Change
from tools.models.checked import Check, Checked
from tools.models.fact import Fact, FactKind
from tools.models.price import Price
from tools.models.report import FactReport
from tools.models.request import ToolRequest
from tools.models.tool import Category, Entry, FormerSlug, State, Tool
from tools.models.touch import Touch

__all__ = [
    "AskedState",
    "Category",
    "Change",
    "Check",
    "Checked",
    "Entry",
    "Fact",
    "FactKind",
    "FactReport",
    "FormerSlug",
    "Price",
    "State",
    "Tool",
    "ToolRequest",
    "Touch",
]
