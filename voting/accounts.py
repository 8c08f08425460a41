"""What this site decides about signing in, where django-allauth asks: addresses, passwords, guests, staff."""

import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from voting import guests
from voting.merging import NotMergeable, merge
from voting.models import User, Voter
from voting.network import client_address

RECENT_SECONDS = 15 * 60


class AccountAdapter(DefaultAccountAdapter):
    """Readers have no passwords; staff may. A guest's votes come along on every way in."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def is_safe_url(self, url: str) -> bool:
        """Lead on only to this very site."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts={self.request.get_host()})

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **more: Any) -> HttpResponse | None:
        """Know the address of an account that was not made by signing up.

        Whoever makes someone staff vouches for the address: a fresh machine can send no code to confirm it. A reader
        confirms it by the code that signs in.
        """
        if isinstance(user, User) and user.is_active:
            know_address(user, is_proven=user.is_staff or self._came_by_code(request, user))
        return super().pre_login(request, user, **more)

    def _came_by_code(self, request: HttpRequest, user: User) -> bool:
        """Tell whether the latest step of this sign-in was a code sent to the account's own address."""
        records = get_authentication_records(request, user)
        return bool(records) and (records[-1].get("email") or "").lower() == user.email.lower()

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **more: Any) -> HttpResponse:
        """After every sign-in and sign-up alike: the votes of the guest in this browser move to the account."""
        response = super().post_login(request, user, **more)
        if isinstance(user, User) and (guest := guests.guest_id(request)):
            bring_along(guest, user)
            guests.delete_cookie(response)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one mail, in our words: the subject knows the site's name, and nothing in it comes from a request."""
        site = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "site_contact": settings.SITE_CONTACT}
        super().send_mail(template_prefix, email, site | context)

    def get_login_stages(self) -> list[str]:
        own = f"{SecondFactorStage.__module__}.{SecondFactorStage.__qualname__}"
        return [
            own if stage.endswith("mfa.stages.AuthenticateStage") else stage for stage in super().get_login_stages()
        ]

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Who has signed in within a quarter of an hour need not do it again: also who has lost the passkey meanwhile."""
        records = get_authentication_records(self.request, self.request.user)
        if records and time.time() - records[-1]["at"] < RECENT_SECONDS:
            return False
        return super().is_reauthentication_required(app=app, **more)

    def clean_password(self, password: str, user: AbstractBaseUser | None = None) -> str:
        if not isinstance(user, User) or not user.is_staff:
            raise ValidationError("Only staff accounts have passwords. Readers sign in with a code or a passkey.")
        return super().clean_password(password, user)

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Readers have no password to reset: their mail says how to sign in."""
        if isinstance(user, User) and user.is_staff:
            super().send_password_reset_mail(user, email, context)
        else:
            self.send_mail("account/email/no_password", email, {})

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Build links on the site's own address: the Host header of a request is the sender's to choose."""
        return settings.SITE_URL + urlsplit(super().get_reset_password_from_key_url(key)).path


class SecondFactorStage(AuthenticateStage):
    """For staff a passkey is a second factor. For readers it is another way in: a lost one must not lock anybody out."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return getattr(self.login.user, "is_staff", False) and super()._should_handle(request)


def know_address(user: User, *, is_proven: bool) -> None:
    """Give an account whose address was set elsewhere, as in the admin, its row among allauth's addresses."""
    address = user.email.lower()
    rows = EmailAddress.objects.filter(user=user)
    if not rows.filter(email=address).exists():
        rows.filter(primary=True).update(primary=False)
        EmailAddress.objects.create(user=user, email=address, primary=True, verified=is_proven)


def bring_along(guest: str, account: User) -> int:
    """Move the votes of a guest to an account; return how many there were. A guest of another account stays there."""
    voter = Voter.objects.filter(cookie_mac=guests.mac_of(guest)).first()
    if voter is None:
        return 0
    try:
        return merge(voter, Voter.objects.get_or_create(account=account)[0])
    except NotMergeable:
        return 0


def lacks_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Tell whether this is staff who need a passkey before they go on, by the setting STAFF_SECOND_FACTOR."""
    if not (settings.STAFF_SECOND_FACTOR and isinstance(user, User | AnonymousUser) and user.is_staff):
        return False
    return not Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).exists()
