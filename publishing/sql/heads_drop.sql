DROP TRIGGER head_of_the_ledger ON publishing_signedhead;
DROP TRIGGER head_no_change ON publishing_signedhead;
DROP TRIGGER head_no_truncate ON publishing_signedhead;
DROP FUNCTION publishing_head_of_the_ledger();
