"""Every address of version 1 of the API."""

from django.urls import path

from config.api.views import RootView, SchemaView
from tools.api.catalogue import CategoriesView, CategoryView
from verdicts.api.change import ChangesView
from verdicts.api.comparison import ComparisonsView, ComparisonView
from verdicts.api.methodology import MethodologyView
from verdicts.api.reviewer import ReviewersView, ReviewerView
from verdicts.api.tool import ToolsView, ToolView
from verdicts.api.verdict import RevisionsView, VerdictsView, VerdictView

READING = [
    path("", RootView.as_view(), name="api_root"),
    path("schema/", SchemaView.as_view(), name="api_schema"),
    path("categories/", CategoriesView.as_view(), name="api_categories"),
    path("categories/<slug:slug>/", CategoryView.as_view(), name="api_category"),
    path("tools/", ToolsView.as_view(), name="api_tools"),
    path("tools/<slug:slug>/", ToolView.as_view(), name="api_tool"),
    path("reviewers/", ReviewersView.as_view(), name="api_reviewers"),
    path("reviewers/<slug:slug>/", ReviewerView.as_view(), name="api_reviewer"),
    path("verdicts/", VerdictsView.as_view(), name="api_verdicts"),
    path("verdicts/<slug:tool>/<slug:reviewer>/", VerdictView.as_view(), name="api_verdict"),
    path("verdicts/<slug:tool>/<slug:reviewer>/revisions/", RevisionsView.as_view(), name="api_revisions"),
    path("comparisons/", ComparisonsView.as_view(), name="api_comparisons"),
    path("comparisons/<slug:slug>/", ComparisonView.as_view(), name="api_comparison"),
    path("changes/", ChangesView.as_view(), name="api_changes"),
    path("methodology/", MethodologyView.as_view(), name="api_methodology"),
]
urlpatterns = READING
