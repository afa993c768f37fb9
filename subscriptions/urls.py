"""The public pages of subscriptions. config/urls.py puts the language in front of each path."""

from django.urls import path

from subscriptions import feeds, views

app_name = "subscriptions"
urlpatterns = [
    path("ledger/heads.atom", feeds.heads, name="heads"),
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/sent/", views.sent, name="sent"),
    path("subscriptions/<str:token>/", views.manage, name="manage"),
    path("subscriptions/<str:token>/confirm/", views.confirm, name="confirm"),
    path("subscriptions/<str:token>/unsubscribe/", views.unsubscribe, name="unsubscribe"),
]
