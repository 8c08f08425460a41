"""A tool with the figures beside its name, for type checkers: the attributes that `queries.scored` sets."""

from typing import TYPE_CHECKING

from tools.models import Category, Price, Tool
from verdicts.scoring import CommunityScore, PanelScore

if TYPE_CHECKING:
    from verdicts.queries import Coverage

    class ScoredTool(Tool):
        """A tool that has been through `queries.with_figures` and `queries.scored`."""

        panel_ships: int
        panel_total: int
        vote_ships: int
        vote_skips: int
        vote_held: int
        vote_discarded: int
        panel: PanelScore
        community: CommunityScore
        price: Price | None
        match: tuple[str, str]
        vote_control: str  # where its control goes; empty where nobody can vote

        class Meta:
            abstract = True

    class Shelf(Category):
        """A category with its number of public tools and its leaders."""

        coverage: Coverage
        published_count: int
        leaders: list[ScoredTool]

        class Meta:
            abstract = True

else:
    ScoredTool, Shelf = Tool, Category
