from django.urls import path, re_path
from django.views.decorators.http import require_safe

from verdicts import cards, changing, twins, views
from verdicts.badges import badge
from verdicts.feeds import CategoryFeed, ChangesFeed, ComparisonFeed, ToolFeed, VerdictFeed
from verdicts.how_votes_count import how_votes_count
from verdicts.ledger import LedgerFeed, votes_ledger
from verdicts.rankings import rankings
from verdicts.receipts import score
from verdicts.reporting import report, reports
from verdicts.requesting import requests
from verdicts.suggesting import suggest
from verdicts.vote import stamps_of_page, vote

urlpatterns = [
    path("", views.home, name="home"),
    path("tools/", views.browse_tools, name="browse"),
    path("tools/<slug:slug>/", views.tool, name="tool"),
    path("search/", views.search, name="search"),
    path("search/suggest/", suggest, name="suggest"),
    path("badge/<slug:slug>.svg", badge, name="badge"),
    path("card/tools/<slug:slug>.png", cards.tool_card, name="tool_card"),
    path("card/compare/<str:pair>.png", cards.comparison_card, name="comparison_card"),
    path("card/categories/<slug:slug>.png", cards.category_card, name="category_card"),
    path("card/panel/<slug:slug>.png", cards.reviewer_card, name="reviewer_card"),
    path("card/<slug:page>.png", cards.page_card, name="page_card"),
    re_path(r"^tools/(?P<slug>[-\w]+)\.(?P<form>md|json)$", twins.tool_twin, name="tool_twin"),
    re_path(r"^compare/(?P<pair>[^/]+)\.(?P<form>md|json)$", twins.comparison_twin, name="comparison_twin"),
    path("tools/<slug:slug>/vote/", vote, name="vote"),
    path("votes/ledger/", votes_ledger, name="votes_ledger"),
    path("votes/ledger.atom", require_safe(LedgerFeed()), name="votes_ledger_feed"),
    path("tools/<slug:slug>/report/", report, name="report"),
    path("reports/", reports, name="reports"),
    path("requests/", requests, name="requests"),
    path("votes/stamps/", stamps_of_page, name="stamps"),
    path("categories/<slug:slug>/", views.category, name="category"),
    path("compare/", views.compare, name="compare"),
    path("compare/<str:pair>/", views.comparison, name="comparison"),
    path("compare/<str:pair>/as-of/<str:on>/", views.comparison_as_of, name="comparison_as_of"),
    path("compare/<str:pair>/changes.atom", require_safe(ComparisonFeed()), name="comparison_feed"),
    path("compare/<str:names>/changes/", changing.tool_changes, name="comparison_changes"),
    path("tools/<slug:names>/changes/", changing.tool_changes, name="tool_changes"),
    path("tools/<slug:slug>/changes.atom", require_safe(ToolFeed()), name="tool_feed"),
    path("tools/<slug:slug>/score.json", score, name="score"),
    path("categories/<slug:slug>/changes/", changing.category_changes, name="category_changes"),
    path("categories/<slug:slug>/changes.atom", require_safe(CategoryFeed()), name="category_feed"),
    path("changes/", changing.changes, name="changes"),
    path("changes.atom", require_safe(ChangesFeed()), name="changes_feed"),
    path("rankings/", rankings, name="rankings"),
    path("rankings/<slug:slug>/", rankings, name="category_rankings"),
    path("corrections/", changing.corrections, name="corrections"),
    path("feed/", require_safe(VerdictFeed()), name="feed"),
    path("panel/", views.panel, name="panel"),
    path("panel/<slug:slug>/", views.reviewer, name="reviewer"),
    path("how-votes-count/", how_votes_count, name="how_votes_count"),
    path("methodology/", views.methodology, name="methodology"),
]
