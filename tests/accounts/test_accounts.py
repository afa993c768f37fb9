"""An account from its first mail to its end, as administrators and their colleagues live through it."""

import re
from datetime import timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import Client

from accounts.models import PasswordLink, User
from publishing.models import Change
from subscriptions.models import Message
from tests.accounts.conftest import PASSWORD, Visitor, account
from tests.admin.conftest import key_of

pytestmark = pytest.mark.django_db
NEW = "and-a-new-one-besides"


@pytest.fixture
def boss(db):
    account("ada", "administrator")
    visitor = Visitor()
    visitor.log_in("ada")
    return visitor


def link_in_last_mail(smtp):
    call_command("run_job", "send_messages", verbosity=0)
    call_command("run_job", "send_messages", at="2100-01-01T08:00Z", verbosity=0)
    text = smtp.messages[-1].get_body(("plain",)).get_content()
    found = re.search(r"http://127\.0\.0\.1:8000(/admin/reset/\S+)", text)
    assert found, text
    return found[1]


def choose_password(path, password=NEW):
    desk = Visitor().desk
    return desk.send(desk.open(path), "go", new_password1=password, new_password2=password)


def make_account(boss, **typed):
    given = {"username": "lin", "email": "lin@example.org", "language": "zh-hans", "time_zone": "Asia/Shanghai"}
    page = boss.desk.open("/admin/accounts/user/add/")
    return boss.desk.send(page, "_save", **(given | typed))


def test_a_new_colleague_gets_a_mail_in_their_language_and_chooses_a_password(boss, smtp):
    from django.contrib.auth.models import Group

    made = make_account(boss, groups=[str(Group.objects.get(name="translator").pk)])
    lin = User.objects.get(username="lin")

    assert "A link to choose a password is sent to lin@example.org." in made.text
    assert (lin.is_staff, lin.is_superuser, lin.has_usable_password()) == (True, False, False)
    path = link_in_last_mail(smtp)
    assert smtp.messages[-1]["Subject"] == "请设置您的Pactwatch密码"
    choose_password(path)

    assert Visitor().log_in("lin", NEW).path == "/admin/"
    assert choose_password(path).values.get("new_password1") is None


def test_a_forgotten_password_is_chosen_anew_and_strangers_learn_nothing(smtp, db):
    account("emma", "editor")
    pages = [
        Client(HTTP_HOST="localhost").post("/admin/password_reset/", {"email": email}, follow=True).content
        for email in ("EMMA@example.org", "nobody@example.org", "emma@example.org")
    ]

    path = link_in_last_mail(smtp)
    choose_password(path)

    assert [message["To"] for message in smtp.messages] == ["emma@example.org"]
    assert len({re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", page) for page in pages}) == 1
    assert Visitor().log_in("emma", NEW).path == "/admin/"


def test_nobody_reads_a_colleagues_link_in_the_outbox(boss, smtp):
    make_account(boss)
    link_in_last_mail(smtp)
    message = Message.objects.get(kind="password")

    page = boss.desk.open(f"/admin/subscriptions/message/{message.pk}/change/")

    assert page.status == 200
    assert "/admin/reset/" not in page.text
    assert boss.client.get(f"/admin/subscriptions/message/{message.pk}/html/").status_code == 404


def test_a_closed_account_is_out_at_once_and_stays_named_in_the_history(boss, world, smtp):
    rita, browser = account("rita", "editor", "reviewer"), Visitor()
    browser.log_in("rita")
    page = browser.desk.open(f"/admin/catalog/theme/{key_of('safety')}/change/")
    browser.desk.send(page, "_save", definition_en="No harm.")
    Visitor().desk.post("/admin/password_reset/", email="rita@example.org")

    closed = boss.desk.post(f"/admin/accounts/user/{rita.pk}/close/")

    assert "The account is closed." in closed.text
    assert browser.client.get("/admin/")["Location"].startswith("/admin/login/")
    assert browser.log_in("rita").path != "/admin/"
    assert not PasswordLink.objects.exists()
    assert Change.objects.latest("first_seq").by == rita
    history = boss.client.get("/api/v1/themes/safety/").content + Client().get("/en/themes/safety/").content
    assert b"rita" not in history
    boss.desk.post(f"/admin/accounts/user/{rita.pk}/reopen/")
    choose_password(link_in_last_mail(smtp))
    assert Visitor().log_in("rita", NEW).path == "/admin/"


def test_whom_history_names_cannot_be_deleted_by_any_way(boss, world):
    rita, browser = account("rita", "editor"), Visitor()
    browser.log_in("rita")
    theme = {"label_en": "Open", "label_zh": "开放", "definition_en": "Open.", "definition_zh": "开放。"}
    browser.desk.send(browser.desk.open("/admin/catalog/theme/add/"), "_save", **theme)

    assert boss.client.post(f"/admin/accounts/user/{rita.pk}/delete/", {"post": "yes"}).status_code == 403
    boss.desk.post("/admin/accounts/user/", action="delete_selected", _selected_action=[rita.pk], post="yes")
    with pytest.raises(ProtectedError):
        rita.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=rita.pk)._raw_delete("default")

    assert User.objects.filter(pk=rita.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_keeps_whoever_has_logged_in(connected_as):
    account("rita", "editor")
    owner = connected_as("pactwatch")
    owner.execute("DELETE FROM accounts_user_groups")
    owner.execute("UPDATE accounts_user SET last_login = now() WHERE username = 'rita'")
    account("mistyped")

    owner.execute("DELETE FROM accounts_user WHERE username = 'mistyped'")
    with pytest.raises(psycopg.errors.RestrictViolation, match="Close it instead"):
        owner.execute("DELETE FROM accounts_user WHERE username = 'rita'")

    assert owner.execute("SELECT username FROM accounts_user").fetchall() == [("rita",)]


def test_nobody_closes_themselves_or_the_last_administrator(boss):
    ada = User.objects.get(username="ada")
    root, machine = account("root", is_superuser=True, is_staff=True), Visitor()
    machine.log_in("root")

    own = boss.desk.post(f"/admin/accounts/user/{ada.pk}/close/")
    assert "Nobody closes their own account." in own.text
    machine.desk.post(f"/admin/accounts/user/{ada.pk}/close/")
    User.objects.filter(pk=root.pk).update(is_superuser=False)
    User.objects.filter(pk=ada.pk).update(is_active=True)
    root.groups.clear()

    assert User.objects.get(pk=ada.pk).is_active


def test_an_administrator_cannot_take_a_superusers_account(boss):
    root = account("root", is_superuser=True, is_staff=True)
    before = User.objects.filter(pk=root.pk).values().get()

    changed = boss.desk.post(f"/admin/accounts/user/{root.pk}/change/", email="mine@example.org", username="root")
    answers = [boss.desk.post(f"/admin/accounts/user/{root.pk}/{page}/") for page in ("close", "link", "forget")]

    assert changed.status == 403
    assert [answer.status for answer in answers] == [403, 403, 403]
    assert User.objects.filter(pk=root.pk).values().get() == before
    boss.desk.send(
        boss.desk.open("/admin/accounts/user/add/"),
        "_save",
        username="x",
        email="x@example.org",
        language="en",
        time_zone="UTC",
        is_superuser="on",
        user_permissions="1",
    )
    assert not User.objects.filter(username="x", is_superuser=True).exists()


def test_a_link_is_sent_at_most_every_five_minutes(boss, smtp):
    rita = account("rita", "editor")

    for _number in range(3):
        again = boss.desk.post(f"/admin/accounts/user/{rita.pk}/link/")
    link_in_last_mail(smtp)
    boss.desk.post(f"/admin/accounts/user/{rita.pk}/link/")

    assert "within the last five minutes" in again.text
    assert PasswordLink.objects.count() == 1
    asked = PasswordLink.objects.get()
    PasswordLink.objects.update(asked_at=asked.asked_at - timedelta(minutes=6))
    boss.desk.post(f"/admin/accounts/user/{rita.pk}/link/")
    assert PasswordLink.objects.count() == 2
    assert Visitor().log_in("rita", PASSWORD).path == "/admin/"
