-- A status change, and the decision that it came from, lose the texts that a redaction under way takes out of it; for
-- decisions see decisions.sql.

-- What takes the place of which texts of a status change; empty when nothing is being taken out of it.
CREATE OR REPLACE FUNCTION tracking_being_redacted(change bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_object_agg(taken.key, taken.value), '{}') FROM public.publishing_document d,
           jsonb_each(public.publishing_being_redacted(d.from_seq)) taken WHERE d.thing_id = change
$$;

-- A status change is written once. Only three things may follow: its position in the ledger, the translation of its
-- texts where one language was still empty, and their redaction.
CREATE OR REPLACE FUNCTION tracking_statuschange_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.publishable_ptr_id, NEW.record_id, NEW.kind, NEW.status, NEW.effective_on, NEW.supersedes_id)
       IS DISTINCT FROM
       (OLD.publishable_ptr_id, OLD.record_id, OLD.kind, OLD.status, OLD.effective_on, OLD.supersedes_id)
       OR (OLD.seq IS NOT NULL AND (NEW.seq, NEW.first_version) IS DISTINCT FROM (OLD.seq, OLD.first_version))
       OR (OLD.reason_en <> '' AND NEW.reason_en <> OLD.reason_en
           AND NEW.reason_en IS DISTINCT FROM tracking_being_redacted(OLD.publishable_ptr_id) ->> 'reason_en')
       OR (OLD.reason_zh <> '' AND NEW.reason_zh <> OLD.reason_zh
           AND NEW.reason_zh IS DISTINCT FROM tracking_being_redacted(OLD.publishable_ptr_id) ->> 'reason_zh')
       OR (OLD.was_wrong_en <> '' AND NEW.was_wrong_en <> OLD.was_wrong_en
           AND NEW.was_wrong_en IS DISTINCT FROM tracking_being_redacted(OLD.publishable_ptr_id) ->> 'was_wrong_en')
       OR (OLD.was_wrong_zh <> '' AND NEW.was_wrong_zh <> OLD.was_wrong_zh
           AND NEW.was_wrong_zh IS DISTINCT FROM tracking_being_redacted(OLD.publishable_ptr_id) ->> 'was_wrong_zh') THEN
        RAISE EXCEPTION 'a status change is never altered; publish a correction' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.seq IS NULL AND NEW.seq <= (SELECT max(last_seq) FROM publishing_change) THEN
        RAISE EXCEPTION 'a status change stands in the ledger' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
