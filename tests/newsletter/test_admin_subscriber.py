"""What staff see of subscribers."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter import leaving
from newsletter.models import Subscriber
from tests import factories

pytestmark = pytest.mark.django_db


def test_staff_find_a_subscriber_and_its_history_and_change_neither(client):
    client.force_login(factories.staff())
    reader = factories.subscriber("findme@example.org")
    leaving.unsubscribe(reader, form="page")

    found = client.get("/admin/newsletter/subscriber/?q=findme")
    page = client.get(f"/admin/newsletter/subscriber/{reader.pk}/change/")
    changed = client.post(f"/admin/newsletter/subscriber/{reader.pk}/change/", {"email": "x@example.org"})

    assert "findme@example.org" in found.text
    assert "Unsubscribed" in page.text
    assert changed.status_code == 403
    assert Subscriber.objects.get().email == "findme@example.org"


@pytest.mark.parametrize("name", ["subscriber", "suppression"])
def test_a_list_costs_the_same_for_one_row_and_for_thirty(client, name):
    client.force_login(factories.staff())
    path = f"/admin/newsletter/{name}/"
    costs = []
    for size in (1, 29):
        for _ in range(size):
            leaving.suppress(factories.subscriber().address_hmac, reason="hard", source="test")
        with CaptureQueriesContext(connection) as counted:
            client.get(path)
        costs.append(len(counted))

    assert costs[0] == costs[1]
