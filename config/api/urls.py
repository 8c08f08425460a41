"""Every address of version 1 of the API."""

from django.urls import path

from config.api.views import RootView, SchemaView
from newsletter.api.issue import IssuesView, IssueView
from newsletter.api.subscription import SubscriptionView
from tools.api.catalogue import CategoriesView, CategoryView
from verdicts.api.change import ChangesView
from verdicts.api.comparison import ComparisonsView, ComparisonView
from verdicts.api.methodology import MethodologyView
from verdicts.api.ranking import CategoryRankingsView, RankingsView
from verdicts.api.receipt import ReceiptView
from verdicts.api.reviewer import ReviewersView, ReviewerView
from verdicts.api.staff_tool import StaffToolStateView, StaffToolsView, StaffToolView
from verdicts.api.staff_verdict import PublicationView, StaffVerdictsView, StaffVerdictView, WithdrawalView
from verdicts.api.tool import ToolsView, ToolView
from verdicts.api.verdict import RevisionsView, VerdictsView, VerdictView
from verdicts.api.vote import VotesView, VoteView

ONE = "staff/verdicts/<slug:tool>/<slug:reviewer>/"
urlpatterns = [
    path("", RootView.as_view(), name="api_root"),
    path("schema/", SchemaView.as_view(), name="api_schema"),
    path("categories/", CategoriesView.as_view(), name="api_categories"),
    path("categories/<slug:slug>/", CategoryView.as_view(), name="api_category"),
    path("tools/", ToolsView.as_view(), name="api_tools"),
    path("tools/<slug:slug>/", ToolView.as_view(), name="api_tool"),
    path("tools/<slug:slug>/score/", ReceiptView.as_view(), name="api_score"),
    path("reviewers/", ReviewersView.as_view(), name="api_reviewers"),
    path("reviewers/<slug:slug>/", ReviewerView.as_view(), name="api_reviewer"),
    path("verdicts/", VerdictsView.as_view(), name="api_verdicts"),
    path("verdicts/<slug:tool>/<slug:reviewer>/", VerdictView.as_view(), name="api_verdict"),
    path("verdicts/<slug:tool>/<slug:reviewer>/revisions/", RevisionsView.as_view(), name="api_revisions"),
    path("comparisons/", ComparisonsView.as_view(), name="api_comparisons"),
    path("comparisons/<slug:slug>/", ComparisonView.as_view(), name="api_comparison"),
    path("changes/", ChangesView.as_view(), name="api_changes"),
    path("rankings/", RankingsView.as_view(), name="api_rankings"),
    path("rankings/<slug:slug>/", CategoryRankingsView.as_view(), name="api_category_rankings"),
    path("issues/", IssuesView.as_view(), name="api_issues"),
    path("issues/<slug:slug>/", IssueView.as_view(), name="api_issue"),
    path("subscription/", SubscriptionView.as_view(), name="api_subscription"),
    path("votes/", VotesView.as_view(), name="api_votes"),
    path("votes/<slug:slug>/", VoteView.as_view(), name="api_vote"),
    path("methodology/", MethodologyView.as_view(), name="api_methodology"),
    path("staff/tools/", StaffToolsView.as_view(), name="api_staff_tools"),
    path("staff/tools/<slug:slug>/", StaffToolView.as_view(), name="api_staff_tool"),
    path("staff/tools/<slug:slug>/state/", StaffToolStateView.as_view(), name="api_staff_tool_state"),
    path("staff/verdicts/", StaffVerdictsView.as_view(), name="api_staff_verdicts"),
    path(ONE, StaffVerdictView.as_view(), name="api_staff_verdict"),
    path(f"{ONE}publication/", PublicationView.as_view(), name="api_publication"),
    path(f"{ONE}withdrawal/", WithdrawalView.as_view(), name="api_withdrawal"),
]
