from django.urls import path
from django.views.decorators.http import require_safe

from verdicts import views
from verdicts.feeds import ComparisonFeed, VerdictFeed
from verdicts.suggesting import suggest
from verdicts.vote import stamps_of_page, vote

urlpatterns = [
    path("", views.home, name="home"),
    path("tools/", views.browse_tools, name="browse"),
    path("tools/<slug:slug>/", views.tool, name="tool"),
    path("search/", views.search, name="search"),
    path("search/suggest/", suggest, name="suggest"),
    path("tools/<slug:slug>/vote/", vote, name="vote"),
    path("votes/stamps/", stamps_of_page, name="stamps"),
    path("categories/<slug:slug>/", views.category, name="category"),
    path("compare/", views.compare, name="compare"),
    path("compare/<str:pair>/", views.comparison, name="comparison"),
    path("compare/<str:pair>/as-of/<str:on>/", views.comparison_as_of, name="comparison_as_of"),
    path("compare/<str:pair>/changes.atom", require_safe(ComparisonFeed()), name="comparison_feed"),
    path("feed/", require_safe(VerdictFeed()), name="feed"),
    path("panel/", views.panel, name="panel"),
    path("panel/<slug:slug>/", views.reviewer, name="reviewer"),
    path("methodology/", views.methodology, name="methodology"),
]
