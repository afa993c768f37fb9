import pytest
from django.urls import reverse

from accounts.models import User


@pytest.mark.browser
def test_the_admin_works_in_both_languages_without_breaking_its_policy(live_server, page):
    User.objects.create_superuser("admin", password="admin-of-the-tests")
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if "Policy" in message.text else None)

    page.goto(live_server.url + reverse("admin:login"))
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill("admin-of-the-tests")
    page.get_by_role("button", name="Log in").click()
    page.goto(live_server.url + reverse("admin:accounts_user_changelist"))
    page.get_by_role("link", name="admin", exact=True).click()

    assert page.get_by_label("Time zone").input_value() == "UTC"

    page.get_by_role("button", name="简体中文").click()

    assert page.locator("html").get_attribute("lang") == "zh-hans"
    assert page.url.endswith("/change/")
    assert complaints == []
