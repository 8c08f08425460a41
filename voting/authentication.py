"""Programs sign in to the API with a personal token."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from voting.models import ApiToken, User


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
