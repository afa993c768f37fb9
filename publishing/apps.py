from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PublishingConfig(AppConfig):
    name = "publishing"
    verbose_name = _("Publication and ledger")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from publishing import signing  # noqa: F401  its check of the ledger registers itself
