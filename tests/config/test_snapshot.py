"""An answer is that of one data version, whatever is published while it is made."""

import pytest
from django.db import InternalError, transaction

from api.snapshot import one_state
from catalog.models import Theme
from config import embedded


def test_an_answer_reads_one_state_and_cannot_write(connected_as):
    words = dict.fromkeys(("label_en", "label_zh", "definition_en", "definition_zh"), "before")
    theme = Theme.objects.create(ref="safety", **words)
    elsewhere = connected_as(embedded.APP)

    with one_state():
        assert Theme.objects.get().label_en == "before"
        elsewhere.execute("UPDATE catalog_theme SET label_en = 'after'")
        assert Theme.objects.get().label_en == "before"

    theme.refresh_from_db()
    assert theme.label_en == "after"
    with pytest.raises(InternalError), one_state():
        Theme.objects.update(label_en="never")
    with transaction.atomic(), one_state():
        assert Theme.objects.get().label_en == "after"
