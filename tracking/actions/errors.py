"""What can go wrong with findings, evidence and decisions, each a sentence that says what to do."""

from django.utils.translation import gettext_lazy as _

from publishing.errors import DomainError


class FindingAlreadyClosed(DomainError):
    code = "finding_already_closed"
    message = _("The finding was closed before; reload it to see how.")


class FindingNeedsReason(DomainError):
    code = "finding_needs_reason"
    message = _("Say why the finding is dismissed.")


class RecordNotPublic(DomainError):
    code = "record_not_public"
    message = _("“%(ref)s” is not public. Publish it before you decide on its status.")


class RecordMovedOn(DomainError):
    code = "record_moved_on"
    message = _(
        "“%(ref)s” has changed since this decision was prepared (at position %(now)d, prepared at %(then)d)."
        " Look at what is new and prepare the decision again."
    )


class DecisionAlreadyApproved(DomainError):
    code = "decision_already_approved"
    message = _("The decision was approved before.")


class DecisionWithdrawn(DomainError):
    code = "decision_withdrawn"
    message = _("The decision was withdrawn. Prepare a new one.")


class NotAllowedToWithdraw(DomainError):
    code = "not_allowed_to_withdraw"
    message = _("Only who prepared a decision, or who may approve decisions, may withdraw it.")


class WithdrawalNeedsReason(DomainError):
    code = "withdrawal_needs_reason"
    message = _("Say why it is withdrawn; it stays in the list of decisions with that.")


class NotAllowedToApprove(DomainError):
    code = "not_allowed_to_approve"
    message = _("You may prepare decisions; somebody who may approve them has to make this one public.")


class DecisionNotWaiting(DomainError):
    code = "decision_not_waiting"
    message = _("The decision is not waiting for approval (it is: %(state)s). It has to be submitted first.")


class DecisionChanged(DomainError):
    code = "decision_changed"
    message = _("Somebody has changed this decision since you opened it. Look at it as it is now.")


class SecondPersonNeeded(DomainError):
    code = "second_person_needed"
    message = _("You prepared this decision or changed it last, so somebody else has to approve it.")


class NotBefore(DomainError):
    code = "not_before"
    message = _(
        "It can be approved from %(moment)s (UTC) on, so that whom it is about can answer first."
        " Wait until then, or change that moment."
    )


class TellingIncomplete(DomainError):
    code = "telling_incomplete"
    message = _("Say when and how they were told, or leave both empty.")


class NotAllowedToReturn(DomainError):
    code = "not_allowed_to_return"
    message = _("Only who may approve decisions may return them.")


class ReturnNeedsNote(DomainError):
    code = "return_needs_note"
    message = _("Say what is to be changed; who prepared it reads that.")


class StatusNotPossible(DomainError):
    code = "status_not_possible"
    message = _("“%(status)s” is no status that “%(ref)s” can have.")


class ReasonMissing(DomainError):
    code = "reason_missing"
    message = _("Give a reason in English or Chinese.")


class EvidenceMissing(DomainError):
    code = "evidence_missing"
    message = _("Cite at least one piece of evidence.")


class EvidenceUnfit(DomainError):
    code = "evidence_unfit"
    message = _("“%(evidence)s” cannot be cited: it is about another record.")


class EvidenceInUse(DomainError):
    code = "evidence_in_use"
    message = _("“%(evidence)s” was public or is cited by a decision, so it cannot be deleted.")


class SearchNotCited(DomainError):
    code = "search_not_cited"
    message = _("“%(status)s” says that nothing decisive was found: cite what was searched as context.")


class DayToCome(DomainError):
    code = "day_to_come"
    message = _("A status cannot hold from %(day)s, a day to come.")


class CorrectionIncomplete(DomainError):
    code = "correction_incomplete"
    message = _("A correction names the change that it corrects and says what was wrong.")


class StatusChangeStays(DomainError):
    code = "status_change_stays"
    message = _("“%(ref)s” was published and is never taken back; publish a correction.")


class EvidenceCited(DomainError):
    code = "evidence_cited"
    message = _("The published status “%(ref)s” stands on this, so it stays public as long as that record is.")


class AlreadyCorrected(DomainError):
    code = "already_corrected"
    message = _("“%(ref)s” was corrected before; correct the correction.")
