"""What a reader does about their own votes and account. Signing in itself is allauth's."""

from collections.abc import Callable

from allauth.account import views as allauth
from django.contrib.admin.views.decorators import staff_member_required
from django.urls import path

from voting import my_tokens, my_votes


def staff_only(view: Callable) -> Callable:
    return staff_member_required(view, login_url="account_login", redirect_field_name="next")


urlpatterns = [
    path("votes/", my_votes.my_votes, name="my_votes"),
    path("votes/data.json", my_votes.my_data, name="my_data"),
    path("votes/delete/", my_votes.delete_my_votes, name="delete_my_votes"),
    path("votes/forget/", my_votes.forget_me, name="forget_me"),
    path("votes/of/<slug:slug>/", my_votes.change_my_vote, name="change_my_vote"),
    path("accounts/delete/", my_votes.delete_my_account, name="delete_my_account"),
    path("accounts/deleted/", my_votes.account_deleted, name="account_deleted"),
    path("accounts/second-factor/", my_votes.second_factor_needed, name="second_factor_needed"),
    path("accounts/tokens/", my_tokens.my_tokens, name="my_tokens"),
    path("accounts/tokens/<int:pk>/revoke/", my_tokens.revoke_token, name="revoke_token"),
    # Only staff have passwords: for readers these pages would lead nowhere.
    path("accounts/password/set/", staff_only(allauth.password_set)),
    path("accounts/password/change/", staff_only(allauth.password_change)),
]
