"""What stands between a public form and machines: a throttle, a trap, and a stamp. None of them asks the reader anything."""

import logging
import math
import secrets
import time
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisHangs
from rest_framework.throttling import SimpleRateThrottle

logger = logging.getLogger(__name__)

PERIODS = {"s": "a second", "m": "a minute", "h": "an hour", "d": "a day"}


class Throttle:
    """So many acts per period and key, such as Throttle("report", "20/h"). Periods are s, m, h and d.

    A classroom shares an address: keys that are networks want limits that thirty people stay below.
    """

    PAUSE_SECONDS = 5
    paused_until = (
        0.0  # by the process's own clock, for all of them: a cache that hangs is asked once, not by every request
    )

    def __init__(self, name: str, rate: str) -> None:
        self.name, self.rate = name, rate

    @property
    def words(self) -> str:
        """The limit as people say it: “120 an hour”."""
        number, _, period = self.rate.partition("/")
        return f"{int(number):,} {PERIODS[period[0]]}"

    def wait(self, key: str) -> int:
        """Return 0 when the act is allowed, and count it; else the seconds to wait. With the cache away all is allowed.

        The key may be an address: what is kept is an HMAC of it, and no longer than the period.
        """
        if time.monotonic() < Throttle.paused_until:
            return 0
        window: Any = Window(self.name, self.rate)
        try:
            allowed = window.allow_request(key, None)
        except (RedisError, OSError) as error:
            if isinstance(error, RedisHangs):
                Throttle.paused_until = time.monotonic() + self.PAUSE_SECONDS
            logger.warning("throttle %s is open, the cache is away: %s", self.name, type(error).__name__)
            return 0
        return 0 if allowed else max(1, math.ceil(window.wait() or 1))


class Window(SimpleRateThrottle):
    """REST framework's sliding window, over any key."""

    def __init__(self, name: str, rate: str) -> None:
        self.scope, self.rate = name, rate
        super().__init__()

    def get_cache_key(self, request: Any, view: object) -> str:
        digest = salted_hmac(f"voting.throttle.{self.scope}", request, algorithm="sha256").hexdigest()
        return f"throttle:{self.scope}:{digest}"


class GuardedForm(forms.Form):
    """A form with a field no person sees and a signed note of when it was rendered.

    Templates print `{{ form.guard }}` inside the form element and their own fields by name. A form that is filled in by
    someone who sees no styles, or with scripts off, passes like any other. A refusal is an error of the whole form, its
    code "trapped", "forged", "ahead", "too_quick" or "too_old".
    """

    TRAP, STAMP = "subject_line", "stamp"
    YOUNGEST_SECONDS, OLDEST_SECONDS = 2, 24 * 60 * 60
    REFUSALS = {
        "trapped": "A field that must stay empty was filled in. If a browser extension did it, please empty it and try again.",
        "forged": "This form did not come from our page. Please send it once more from here.",
        "ahead": "Our clock was set back while this page was open. Please send the form once more.",
        "too_quick": "That was quicker than anybody can read. Please send it once more.",
        "too_old": "This page was open for more than a day. Please send the form once more.",
    }

    @cached_property
    def refusal(self) -> str:
        """Why a bound form cannot be from a person at our page: a key of REFUSALS, or ''."""
        if self.data.get(self.add_prefix(self.TRAP)):
            return "trapped"
        try:
            rendered_at = float(self._signer.unsign(self.data.get(self.add_prefix(self.STAMP)) or "").partition("_")[0])
        except (signing.BadSignature, ValueError):
            return "forged"
        age = time.time() - rendered_at
        if age < -1:  # a stamp is rounded; beyond that nobody but us can have signed it: no sign of a machine
            return "ahead"
        if age < self.YOUNGEST_SECONDS:
            return "too_quick"
        return "too_old" if age > self.OLDEST_SECONDS else ""

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.refusal:
            self.add_error(None, ValidationError(self.REFUSALS[self.refusal], code=self.refusal))

    def guard(self) -> SafeString:
        """The trap and the stamp as markup. A form that comes back with errors keeps a good stamp: mending may be quick."""
        return self.guard_with(self.stamp)

    def guard_with(self, stamp: str) -> SafeString:
        return format_html(
            '<div hidden><label>Leave this empty <input type="text" name="{}" tabindex="-1" autocomplete="off"></label></div>'
            '<input type="hidden" name="{}" value="{}">',
            self.add_prefix(self.TRAP),
            self.add_prefix(self.STAMP),
            stamp,
        )

    def new_stamp(self, age: float = 0) -> str:
        """Return the stamp of a form that is rendered now, or was so many seconds ago: no two forms have the same."""
        rendered_at = math.floor((time.time() - age) * 10) / 10  # never later than it was
        return self._signer.sign(f"{rendered_at:.1f}_{secrets.token_urlsafe(6)}")

    @property
    def stamp(self) -> str:
        """When the form was rendered, signed."""
        keep = self.is_bound and not self.refusal
        return self.data[self.add_prefix(self.STAMP)] if keep else self.new_stamp()

    @property
    def _signer(self) -> signing.Signer:
        """A stamp of one kind of form is worth nothing on another."""
        return signing.Signer(salt=f"voting.guarding.{type(self).__qualname__}")
