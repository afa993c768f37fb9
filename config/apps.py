from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config.roles import keep_roles

        autodiscover_modules("checks")
        # Rights are made app by app; when it is the turn of the last app, those of all others are there.
        last = [app for app in apps.get_app_configs() if app.models_module is not None][-1]
        post_migrate.connect(keep_roles, sender=last)
