-- A document may lose texts while the act that says so is under way: a redaction that names it and the fields, at a
-- position after the last act that has ended. The triggers fire ALWAYS, for the owner too.

-- What takes the place of which texts of the document of a position; null when nothing is being taken out of it.
CREATE FUNCTION publishing_being_redacted(document bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_object_agg(taken.field, r.body -> 'words' -> taken.field)
      FROM public.publishing_redaction r, jsonb_array_elements(r.body -> 'documents') named,
           jsonb_array_elements_text(named -> 'fields') taken(field)
     WHERE (named ->> 'seq')::bigint = document
       AND r.seq > (SELECT coalesce(max(last_seq), 0) FROM public.publishing_change)
$$;

-- Besides, a document may only be closed, once, at a position that exists.
CREATE OR REPLACE FUNCTION publishing_document_close_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken jsonb;
BEGIN
    IF (NEW.salt, NEW.body) IS DISTINCT FROM (OLD.salt, OLD.body) THEN
        taken := publishing_being_redacted(OLD.from_seq);
        IF taken IS NULL OR NEW.body IS DISTINCT FROM OLD.body || taken OR NEW.salt = OLD.salt
           OR (NEW.from_seq, NEW.until_seq, NEW.thing_id) IS DISTINCT FROM (OLD.from_seq, OLD.until_seq, OLD.thing_id) THEN
            RAISE EXCEPTION 'publishing_document is append-only: only a redaction takes texts out'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.from_seq, NEW.thing_id) IS DISTINCT FROM (OLD.from_seq, OLD.thing_id)
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

-- The one way for the running role, which may not write these columns: it says which documents, and their new salts.
CREATE FUNCTION publishing_redact(documents bigint[], salts bytea[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE publishing_document d SET salt = given.salt, body = d.body || publishing_being_redacted(d.from_seq)
      FROM unnest(documents, salts) AS given(seq, salt) WHERE d.from_seq = given.seq
$$;

-- A redaction stands at a position that says so, about the same thing, while its act is under way.
CREATE FUNCTION publishing_redaction_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM publishing_ledgerentry l JOIN publishing_publishable p ON p.ref = l.ref
                    WHERE l.seq = NEW.seq AND l.action = 'redacted' AND p.id = NEW.thing_id)
       OR NEW.seq <= (SELECT max(last_seq) FROM publishing_change) THEN
        RAISE EXCEPTION 'redaction % belongs to no position of the ledger about the same thing', NEW.seq
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER redaction_belongs AFTER INSERT ON publishing_redaction
    FOR EACH ROW EXECUTE FUNCTION publishing_redaction_belongs();
CREATE TRIGGER redaction_no_change BEFORE UPDATE OR DELETE ON publishing_redaction
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();
CREATE TRIGGER redaction_no_truncate BEFORE TRUNCATE ON publishing_redaction
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();
ALTER TABLE publishing_redaction ENABLE ALWAYS TRIGGER redaction_belongs;
ALTER TABLE publishing_redaction ENABLE ALWAYS TRIGGER redaction_no_change;
ALTER TABLE publishing_redaction ENABLE ALWAYS TRIGGER redaction_no_truncate;

DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
                 WHERE table_schema = 'public' AND grantee <> current_user AND table_name = 'publishing_redaction'
    LOOP
        EXECUTE format('REVOKE ALL ON publishing_redaction FROM %I', held.grantee);
        EXECUTE format('GRANT SELECT, INSERT ON publishing_redaction TO %I', held.grantee);
    END LOOP;
END $$;
