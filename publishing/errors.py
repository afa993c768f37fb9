"""What can go wrong in an action, as one family, so that each door translates it in one place."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """An action could not be done. `code` is for programs, the text is a whole sentence for people."""

    code: ClassVar[str]
    message: ClassVar[str | Promise]

    def __init__(self, **params: Any):
        super().__init__(self.code, params)
        self.params = params

    def __str__(self) -> str:
        return str(self.message) % self.params


class ParentNotPublic(DomainError):
    code = "parent_not_public"
    message = _("“%(ref)s” hangs on “%(parent)s”, which is not public. Publish that first.")


class NotADraft(DomainError):
    code = "not_a_draft"
    message = _("“%(ref)s” is public already.")


class NotPublic(DomainError):
    code = "not_public"
    message = _("“%(ref)s” is not public.")


class NoteMissing(DomainError):
    code = "note_missing"
    message = _("Say in English or Chinese why it is unpublished; the note is shown in its place.")


class RefIsPermanent(DomainError):
    code = "ref_is_permanent"
    message = _("“%(ref)s” is public, so its ref cannot be changed any more.")


class NeedsAnother(DomainError):
    """Whoever asks for it may prepare it, and somebody else has to make it public.

    `differences` is what would have changed for the public, where a door has looked.
    """

    differences: Sequence[Any] = ()


class NotAllowedToPublish(NeedsAnother):
    code = "not_allowed_to_publish"
    message = _("You may prepare this; somebody who may publish has to make it public.")


class PreparedByYourself(NeedsAnother):
    code = "prepared_by_yourself"
    message = _("You were the last to edit “%(ref)s”, so another person has to publish it.")


class EditOvertaken(DomainError):
    code = "edit_overtaken"
    message = _("“%(ref)s” has changed since this edit was prepared. Open the edit in the form and save it again.")


class EditClosed(DomainError):
    code = "edit_closed"
    message = _("This edit was published or discarded before.")


class ItIsMerged(DomainError):
    code = "it_is_merged"
    message = _("“%(ref)s” was merged into another thing. To bring it back, undo the merger.")


class NotMergeable(DomainError):
    code = "not_mergeable"
    message = _(
        "“%(ref)s” and “%(into)s” cannot be merged: take two different public records of one kind, or two actors."
    )


class PartOfEachOther(DomainError):
    code = "part_of_each_other"
    message = _("“%(ref)s” is above or below “%(into)s”, so they cannot be one and the same. Change that first.")


class MergeTheseFirst(DomainError):
    code = "merge_these_first"
    message = _("“%(ref)s” and “%(into)s” would be the same promise twice. Merge these two first.")


class MergerWaits(DomainError):
    code = "merger_waits"
    message = _("A merger of “%(ref)s” waits already. Do it or discard it first.")


class MergerClosed(DomainError):
    code = "merger_closed"
    message = _("This merger was done, discarded or undone before.")


class MergerPreparedByYourself(NeedsAnother):
    code = "merger_prepared_by_yourself"
    message = _("You prepared this merger, so another person has to do it.")


class NothingToRedact(DomainError):
    code = "nothing_to_redact"
    message = _(
        "No document of “%(ref)s” has such a text to be taken out. Choose other fields, or the present text too."
    )


class RedactionClosed(DomainError):
    code = "redaction_closed"
    message = _("This redaction was done or discarded before.")


class RedactionPreparedByYourself(NeedsAnother):
    code = "redaction_prepared_by_yourself"
    message = _("You prepared this redaction, so another person has to do it.")
