"""Personal tokens for the API: made, listed and revoked by the account they act for."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from voting.models import ApiToken
from voting.models.token import MOST_ACTIVE


class TokenForm(forms.Form):
    name = forms.CharField(
        max_length=60, help_text="So that you know it again, such as “nightly report”.", label="What it is for"
    )
    scope = forms.ChoiceField(
        choices=[("read", "Read: everything readers see"), ("vote", "Read and vote: cast votes as you")],
        label="What it may do",
        initial="read",
    )

    def __init__(self, *args: Any, for_staff: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if for_staff:
            scope = self.fields["scope"]
            scope.choices = [*scope.choices, ("write", "Read, vote and write: what you may do in the admin")]  # type: ignore[attr-defined]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_tokens(request: HttpRequest) -> HttpResponse:
    """List the account's tokens; make one, whose text the answer shows this once."""
    mine = ApiToken.objects.filter(owner=request.user.pk)
    for_staff = bool(request.user.is_staff)
    form = TokenForm(request.POST if request.method == "POST" else None, for_staff=for_staff)
    made, text = None, ""
    if form.is_valid():
        if mine.active().count() >= MOST_ACTIVE:
            form.add_error(None, f"An account has {MOST_ACTIVE} tokens at most. Please revoke one first.")
        else:
            made, text = ApiToken.make(request.user, form.cleaned_data["name"], form.cleaned_data["scope"])  # type: ignore[arg-type]
            form = TokenForm(for_staff=for_staff)
    return render(request, "my_tokens.html", {"form": form, "made": made, "text": text, "tokens": list(mine[:100])})


@never_cache
@login_required(redirect_field_name=None)
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, owner=request.user.pk)
    token.revoke()
    messages.success(request, f"The token “{token.name}” no longer works.")
    return redirect("my_tokens")
