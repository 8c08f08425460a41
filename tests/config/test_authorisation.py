"""Who may do what: every address of the site, asked by four people. A new route without a stated rule fails.

To add a route, add its name to RULES. Pages of the admin about a model need none: their rule is the model's permissions.
"""

from typing import NamedTuple

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils.regex_helper import normalize

from tests import factories
from tools.models import ToolRequest

NOBODY, READER, EDITOR, SUPERUSER = PEOPLE = ("nobody", "reader", "editor", "superuser")
EVERYONE, ACCOUNTS, STAFF, NONE = set(PEOPLE), {READER, EDITOR, SUPERUSER}, {EDITOR, SUPERUSER}, set()


class Rule(NamedTuple):
    """Who may GET an address, and who may POST to it. Whoever may not is refused, or sent to sign in."""

    get: set[str]
    post: set[str]


READ = Rule(EVERYONE, NONE)  # pages and feeds: anybody reads, nobody sends
ACT = Rule(NONE, EVERYONE)  # what only forms do, by whoever has something to do it to
FORM = Rule(EVERYONE, EVERYONE)
OWN = Rule(ACCOUNTS, ACCOUNTS)
EDITORS = Rule(STAFF, STAFF)
CLOSED = Rule(NONE, NONE)

RULES: dict[str, Rule] = {
    # Pages
    **dict.fromkeys(["home", "browse", "tool", "search", "suggest", "category", "compare", "comparison"], READ),
    **dict.fromkeys(["comparison_as_of", "comparison_feed", "feed", "panel", "reviewer", "methodology"], READ),
    **dict.fromkeys(["badge", "tool_card", "comparison_card", "category_card", "reviewer_card", "page_card"], READ),
    **dict.fromkeys(["how_votes_count", "votes_ledger", "votes_ledger_feed"], READ),
    **dict.fromkeys(["tool_twin", "comparison_twin", "stamps"], READ),
    **dict.fromkeys(["changes", "changes_feed", "category_changes", "category_feed", "corrections"], READ),
    **dict.fromkeys(
        ["comparison_changes", "tool_changes", "tool_feed", "score", "rankings", "category_rankings"], READ
    ),
    **dict.fromkeys(["report", "requests"], FORM),
    "reports": READ,
    # The weekly mail: who holds a link of a mail is its reader, whoever is signed in
    **dict.fromkeys(["newsletter", "newsletter_archive", "newsletter_issue", "newsletter_feed"], READ),
    **dict.fromkeys(["outbox", "outbox_mail", "outbox_html"], READ),  # 404 wherever mail really leaves
    **dict.fromkeys(["newsletter_stamp", "newsletter_link"], READ),
    **dict.fromkeys(["newsletter_subscribe", "newsletter_ask_for", "newsletter_unfollow", "newsletter_address"], ACT),
    **dict.fromkeys(["newsletter_confirm", "newsletter_export", "newsletter_erase", "newsletter_move"], FORM),
    "newsletter_follow": FORM,
    **dict.fromkeys(["newsletter_unsubscribe", "newsletter_preferences"], FORM),
    # For machines
    "mail_hook": ACT,  # 404 for whoever is no provider of the operator's; those log in with a secret
    **dict.fromkeys(["livez", "robots", "sitemap", "sitemap_pages", "sitemap_tools", "sitemap_pairs"], READ),
    **dict.fromkeys(["llms", "security", "opensearch"], READ),
    "healthz": READ,
    "csp_report": ACT,
    r"^media/(?P<path>logos/[\w.-]+)$": FORM,  # Django's own file view: a POST reads, too
    # Votes
    "vote": FORM,
    "my_votes": READ,
    "my_data": READ,
    "delete_my_votes": FORM,
    "forget_me": FORM,
    "change_my_vote": ACT,
    # Accounts
    "delete_my_account": OWN,
    "account_deleted": READ,
    "my_tokens": OWN,
    "revoke_token": Rule(NONE, ACCOUNTS),
    "second_factor_needed": Rule(STAFF, NONE),
    **dict.fromkeys(["accounts/password/set/", "account_set_password"], EDITORS),
    **dict.fromkeys(["accounts/password/change/", "account_change_password"], EDITORS),
    **dict.fromkeys(["account_login", "account_request_login_code", "account_confirm_login_code"], FORM),
    **dict.fromkeys(["account_signup", "account_signup_by_passkey", "mfa_signup_webauthn", "account_logout"], FORM),
    **dict.fromkeys(["account_reset_password", "account_reset_password_from_key"], FORM),
    **dict.fromkeys(["account_reset_password_done", "account_reset_password_from_key_done", "account_inactive"], READ),
    **dict.fromkeys(["account_email", "mfa_add_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn"], OWN),
    **dict.fromkeys(["mfa_generate_recovery_codes", "mfa_download_recovery_codes"], OWN),
    **dict.fromkeys(["mfa_index", "mfa_list_webauthn", "mfa_view_recovery_codes"], Rule(ACCOUNTS, NONE)),
    # In the middle of signing in; whoever is not leads back to the door, whoever is signed in leads on.
    **dict.fromkeys(["account_email_verification_sent", "mfa_authenticate", "mfa_login_webauthn"], OWN),
    # For whoever has a password or a passkey to show, and signed in a while ago: none of the four.
    **dict.fromkeys(["account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"], CLOSED),
    # Providers; closed where nobody comes back from one.
    "socialaccount_connections": OWN,
    "socialaccount_login_cancelled": READ,
    **dict.fromkeys(["socialaccount_login_error", "socialaccount_signup"], CLOSED),
    **dict.fromkeys([f"accounts/social/{it}/" for it in ("login/cancelled", "login/error", "signup")], FORM),
    "accounts/social/connections/": FORM,  # these four only lead to the new addresses
    # The API
    **dict.fromkeys(["api_docs", "api_root", "api_schema", "api_methodology"], READ),
    **dict.fromkeys(["api_categories", "api_category", "api_tools", "api_tool"], READ),
    **dict.fromkeys(["api_reviewers", "api_reviewer", "api_verdicts", "api_verdict", "api_revisions"], READ),
    **dict.fromkeys(["api_comparisons", "api_comparison", "api_changes"], READ),
    **dict.fromkeys(["api_score", "api_rankings", "api_category_rankings", "api_issues", "api_issue"], READ),
    "api_subscription": FORM,
    "api_staff_tools": EDITORS,
    **dict.fromkeys(["api_staff_tool", "api_staff_verdicts", "api_staff_verdict"], Rule(STAFF, NONE)),
    **dict.fromkeys(
        ["api_staff_tool_state", "api_publication", "api_withdrawal"], CLOSED
    ),  # PUT: tests/api/test_staff.py
    **dict.fromkeys(["api_votes", "api_vote"], READ),  # set by PUT: tests/api/test_voting.py
    "metrics": READ,  # 404 for whoever has no token of the operator's
    # The admin, apart from its pages about models
    **dict.fromkeys(["admin:index", "admin:login", "admin:view_on_site", "admin:app_list"], EDITORS),
    **dict.fromkeys(["admin:password_change", r"admin/(?P<url>.*)$"], EDITORS),
    **dict.fromkeys(["admin:password_change_done", "admin:jsi18n"], Rule(STAFF, NONE)),
    "admin:markdown_preview": Rule(NONE, STAFF),
    "admin:logout": Rule({NOBODY, READER}, EVERYONE),  # without a session, it leads to the door of the admin
    "admin:autocomplete": CLOSED,  # without naming a field that the asker may see
    **dict.fromkeys(
        ["admin:verdicts_verdict_import", "admin:verdicts_verdict_export", "admin:tools_tool_export"], EDITORS
    ),
    "admin:verdicts_verdict_process_import": Rule(NONE, STAFF),
    # Made on the page of their tool, and never deleted once they are public: not even by a superuser.
    **dict.fromkeys(["admin:tools_fact_add", "admin:tools_price_add", "admin:verdicts_verdict_add"], CLOSED),
    **dict.fromkeys([f"admin:{it}_delete" for it in ("tools_tool", "verdicts_comparison", "verdicts_verdict")], CLOSED),
    # Cases come from the detector; nobody makes or removes one, and what was decided stays.
    **dict.fromkeys(["admin:voting_case_add", "admin:voting_case_delete"], CLOSED),
    # Readers send these; an editor answers them.
    **dict.fromkeys(
        [f"admin:tools_{it}_{act}" for it in ("factreport", "toolrequest") for act in ("add", "delete")], CLOSED
    ),
    # Issues come by the calendar and readers by themselves; neither is made or removed by hand.
    **dict.fromkeys([f"admin:newsletter_{it}_add" for it in ("issue", "subscriber", "suppression")], CLOSED),
    **dict.fromkeys([f"admin:newsletter_{it}_delete" for it in ("issue", "subscriber", "sendcontrol")], CLOSED),
    "admin:newsletter_subscriber_import": Rule({SUPERUSER}, {SUPERUSER}),
    "admin:newsletter_subscriber_export": Rule({SUPERUSER}, NONE),
    **dict.fromkeys([f"admin:newsletter_issue_{it}" for it in ("preview", "mail", "report")], EDITORS),
    # Of a row that is not there: leads to the index before it asks who may.
    **dict.fromkeys(
        [
            f"admin:newsletter_{it}_history"
            for it in ("domainlimit", "issue", "sendcontrol", "subscriber", "suppression")
        ],
        EDITORS,
    ),
    # What staff have done: read by superusers, written by nobody.
    **dict.fromkeys(["admin:admin_logentry_add", "admin:admin_logentry_delete"], CLOSED),
    "admin:admin_logentry_change": Rule({SUPERUSER}, NONE),
    "admin:verdicts_verdict_change": Rule(STAFF, NONE),  # what is public is only revised
}
# Answers 500 rightly, where a broker is set and no worker answers.
UNWELL = {"healthz"}
ARGUMENTS = {
    "esp": "postmark",
    "slug": "some-tool",
    "tool": "some-tool",
    "reviewer": "builder",
    "pair": "other-tool-vs-some-tool",
    "names": "some-tool",
    "secret": "no-such-secret",
    "token": "no-such-token",
    "what": "export",
    "name": "none.eml",
    "form": "json",
    "on": "2026-11-01",
    "page": "home",
    "number": "1",
    "pk": "1",
    "path": "logos/none.png",
    "object_id": "1",
    "content_type_id": "1",
    "id": "1",
    "app_label": "tools",
    "url": "nothing-there",
    "uidb36": "1",
    "key": "set-password",
}


class Route(NamedTuple):
    name: str
    path: str


def routes(patterns, matched="", path="", names=()):
    """Return every route of the site: its full name, or what it matches where it has none, and an address of it."""
    for pattern in patterns:
        here, there = matched + str(pattern.pattern), path + address(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here, there, (*names, *filter(None, [pattern.namespace])))
        else:
            yield Route(":".join([*names, pattern.name]) if pattern.name else here, f"/{there}")


def address(pattern):
    """Return an address that a pattern matches, made from ARGUMENTS."""
    [(text, wanted), *_] = normalize(pattern.regex.pattern)
    assert set(wanted) <= set(ARGUMENTS), f"ARGUMENTS needs an example for each of {wanted}"
    return text % {name: ARGUMENTS[name] for name in wanted}


ROUTES = list(routes(get_resolver().url_patterns))
NEEDED = {
    "changelist": ["view", "change"],
    "change": ["view", "change"],
    "history": ["view", "change"],
    "add": ["add"],
    "delete": ["delete"],
    "password_change": ["change"],
}


def rule_of(route, editor):
    """Return the rule of a route; None where nobody has stated one."""
    if route.name in RULES:
        return RULES[route.name]
    if route.name.startswith("admin/") and route.name.endswith("/<path:object_id>/"):
        return EDITORS  # leads to the page that asks for permission
    space, _, name = route.name.partition(":")
    kind = next((kind for kind in sorted(NEEDED, key=len, reverse=True) if name.endswith(f"_{kind}")), None)
    if space != "admin" or kind is None or name.count("_") < 2:
        return None
    app, _, model = name.removesuffix(f"_{kind}").partition("_")
    app = "voting" if (app, model) == ("auth", "user") else app
    may = any(editor.has_perm(f"{app}.{needed}_{model}") for needed in NEEDED[kind])
    allowed = {EDITOR, SUPERUSER} if may else {SUPERUSER}
    return Rule(allowed, allowed)


@pytest.fixture
def accounts(db):
    first, second = factories.reviewed_tool("Some Tool"), factories.reviewed_tool("Other Tool")
    factories.comparison(first, second)
    factories.report(first)
    ToolRequest.objects.ask("Another tool")
    editor = factories.user(is_staff=True)
    editor.groups.add(Group.objects.get(name="Editors"))
    return {NOBODY: None, READER: factories.user(), EDITOR: editor, SUPERUSER: factories.staff()}


def is_refused(response):
    """Tell whether an answer keeps somebody out: by its status, or by leading to the way in."""
    doors = ("/accounts/login/?", "/admin/login/?")
    return response.status_code in {401, 403, 405} or (
        response.status_code == 302 and (response["Location"] + "?").startswith(doors)
    )


def test_every_route_has_a_stated_rule(accounts):
    assert [route.name for route in ROUTES if rule_of(route, accounts[EDITOR]) is None] == []


def test_no_rule_is_about_a_route_that_is_gone():
    assert set(RULES) - {route.name for route in ROUTES} == set()


def address_now(route):
    """Return the address of a route: in the admin, of a row that is there."""
    parts = route.path.split("/")
    if parts[1] == "admin" and parts[2] != "r" and parts[4:5] == [ARGUMENTS["object_id"]]:
        rows = apps.get_model(*parts[2:4])._default_manager
        parts[4] = str(rows.order_by("pk").values_list("pk", flat=True).first() or parts[4])
    return "/".join(parts)


class Asking:
    """One person at a browser, who signs in again when an answer has signed them out."""

    def __init__(self, account):
        self.account, self.client = account, Client(raise_request_exception=False)

    def ask(self, method, path):
        cache.clear()  # whoever asks for everything at once would be told to wait
        session = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        if self.account and not (session and session.value):
            self.client.force_login(self.account)
        return getattr(self.client, method)(path)


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_gets_where_the_rules_say_and_nowhere_else(accounts, person):
    asking, wrong = Asking(accounts[person]), {}

    for route in ROUTES:
        rule = rule_of(route, accounts[EDITOR]) or Rule(NONE, NONE)
        path = address_now(route)
        for method in ("get", "post"):
            response = asking.ask(method, path)
            if is_refused(response) == (person in getattr(rule, method)) or (
                response.status_code >= 500 and route.name not in UNWELL
            ):
                wrong[f"{method} {path} ({route.name})"] = response.status_code

    assert wrong == {}
