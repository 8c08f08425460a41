"""Who asks the API for something: a program with a personal token, or a reader's browser by its cookies."""

from rest_framework.authentication import BaseAuthentication, CSRFCheck, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from voting import guests
from voting.models import ApiToken, User

SAFE = {"GET", "HEAD", "OPTIONS"}


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer ship_…`. Gives the owner and the token; what the token may do is `token.may_vote`."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != self.keyword.lower().encode():
            return None
        try:
            [text] = [word.decode("ascii") for word in words[1:]]
        except ValueError as error:
            raise AuthenticationFailed("The header must read “Authorization: Bearer” and one token.") from error
        token = ApiToken.objects.known(text)
        if token is None or not token.owner.is_active:
            raise AuthenticationFailed("This token is unknown or revoked.")
        token.note_use()
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return f'{self.keyword} realm="api"'


class BrowserAuthentication(BaseAuthentication):
    """The session's account, or a guest. Cookies come along by themselves, so what changes something is checked first.

    Programs with a token are asked for none of this: no page of another site can send that header.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        plain = request._request
        if request.method not in SAFE:
            if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
                raise PermissionDenied("This came from another site, so it was not done.")
            check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
            check.process_request(plain)
            if reason := check.process_view(plain, None, (), {}):  # type: ignore[arg-type]
                raise PermissionDenied(f"The CSRF check failed: {reason}")
        account = guests.account_of(plain)
        return (account, None) if account and account.is_active else None
