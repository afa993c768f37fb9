"""The public pages of keys. config/urls.py puts the language in front of each path."""

from django.urls import path

from keys import views

app_name = "keys"
urlpatterns = [
    path("api-keys/", views.ask, name="ask"),
    path("api-keys/sent/", views.sent, name="sent"),
    path("api-keys/<str:token>/", views.own, name="own"),
    path("api-keys/<str:token>/revoke/", views.revoke, name="revoke"),
]
