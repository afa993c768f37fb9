from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PublishingConfig(AppConfig):
    name = "publishing"
    verbose_name = _("Publication and ledger")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Look-ups, declarations of resources and checks of the ledger register themselves in the apps that have them.
        autodiscover_modules("lookups", "resources", "verifying", "signing", "merging", "redacting")
