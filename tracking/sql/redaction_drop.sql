CREATE OR REPLACE FUNCTION tracking_statuschange_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.publishable_ptr_id, NEW.record_id, NEW.kind, NEW.status, NEW.effective_on, NEW.supersedes_id)
       IS DISTINCT FROM
       (OLD.publishable_ptr_id, OLD.record_id, OLD.kind, OLD.status, OLD.effective_on, OLD.supersedes_id)
       OR (OLD.seq IS NOT NULL AND (NEW.seq, NEW.first_version) IS DISTINCT FROM (OLD.seq, OLD.first_version))
       OR (OLD.reason_en <> '' AND NEW.reason_en <> OLD.reason_en)
       OR (OLD.reason_zh <> '' AND NEW.reason_zh <> OLD.reason_zh)
       OR (OLD.was_wrong_en <> '' AND NEW.was_wrong_en <> OLD.was_wrong_en)
       OR (OLD.was_wrong_zh <> '' AND NEW.was_wrong_zh <> OLD.was_wrong_zh) THEN
        RAISE EXCEPTION 'a status change is never altered; publish a correction' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.seq IS NULL AND NEW.seq <= (SELECT max(last_seq) FROM publishing_change) THEN
        RAISE EXCEPTION 'a status change stands in the ledger' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- Stays, and finds nothing: the guard of decisions asks for it.
CREATE OR REPLACE FUNCTION tracking_being_redacted(change bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT '{}'::jsonb $$;
