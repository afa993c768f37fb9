"""The public pages of submissions. config/urls.py puts the language in front of each path."""

from django.urls import path

from submissions import views

app_name = "submissions"
urlpatterns = [
    path("submissions/", views.send, name="send"),
    path("submissions/<uuid:receipt>/", views.receipt, name="receipt"),
]
