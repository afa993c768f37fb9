DROP TRIGGER redaction_belongs ON publishing_redaction;
DROP TRIGGER redaction_no_change ON publishing_redaction;
DROP TRIGGER redaction_no_truncate ON publishing_redaction;
DROP FUNCTION publishing_redaction_belongs();
DROP FUNCTION publishing_redact(bigint[], bytea[]);
CREATE OR REPLACE FUNCTION publishing_document_close_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.from_seq, NEW.thing_id, NEW.salt, NEW.body) IS DISTINCT FROM (OLD.from_seq, OLD.thing_id, OLD.salt, OLD.body)
       OR OLD.until_seq IS NOT NULL OR NEW.until_seq IS NULL THEN
        RAISE EXCEPTION 'publishing_document is append-only: only an open document may be closed'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (SELECT FROM publishing_ledgerentry WHERE seq = NEW.until_seq) THEN
        RAISE EXCEPTION 'a document cannot end at position %, which is not in the ledger', NEW.until_seq
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION publishing_being_redacted(bigint);
