"""Forms of signing in that differ from allauth's."""

from typing import Any

from allauth.account.fields import PasswordField
from allauth.account.forms import LoginForm


class PasswordLoginForm(LoginForm):
    """Address and password, for staff. Allauth leaves the password out where signing up asks for none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "E-mail address"
        self.fields["password"] = PasswordField(label="Password", show_reset_help=True, autocomplete="current-password")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
