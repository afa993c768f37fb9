-- What the ledger refuses. The functions belong to the role that migrates; the triggers fire ALWAYS, so no session
-- setting of the role that runs the product passes them.

CREATE FUNCTION publishing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

-- A document may only be closed, once, at a position that exists.
CREATE FUNCTION publishing_document_close_only() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- Rows join the ledger without a gap, in order of time, and each names the hash of the row before.
CREATE FUNCTION publishing_ledger_appends() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first_seq bigint; last_seq bigint; n bigint; broken bigint;
BEGIN
    SELECT min(seq), max(seq), count(*) INTO first_seq, last_seq, n FROM added;
    IF n = 0 THEN
        RETURN NULL;
    END IF;
    IF last_seq - first_seq + 1 <> n OR first_seq < 1
       OR (first_seq > 1 AND NOT EXISTS (SELECT FROM publishing_ledgerentry WHERE seq = first_seq - 1))
       OR EXISTS (SELECT FROM publishing_ledgerentry WHERE seq = last_seq + 1) THEN
        RAISE EXCEPTION 'the ledger has no gaps: position % does not follow the last one', first_seq
            USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT a.seq INTO broken FROM added a LEFT JOIN publishing_ledgerentry b ON b.seq = a.seq - 1
     WHERE a.previous_hash <> coalesce(b.hash, repeat('0', 64)) OR a.recorded_at < b.recorded_at
        OR (a.recorded_at > clock_timestamp() AND a.recorded_at IS DISTINCT FROM b.recorded_at)
     ORDER BY a.seq LIMIT 1;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'position % of the ledger does not follow from the one before', broken
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- A document belongs to a position that is about the same thing.
CREATE FUNCTION publishing_document_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stray bigint;
BEGIN
    SELECT a.from_seq INTO stray FROM added a
      LEFT JOIN publishing_ledgerentry l ON l.seq = a.from_seq
      LEFT JOIN publishing_publishable p ON p.id = a.thing_id
     WHERE l.ref IS NULL OR p.ref IS DISTINCT FROM l.ref LIMIT 1;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION 'document % belongs to no position of the ledger about the same thing', stray
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- What was public once is never removed, and keeps its ref.
CREATE FUNCTION publishing_publishable_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM publishing_document WHERE thing_id = OLD.id) THEN
        RAISE EXCEPTION '% was public: it stays, and so does its ref', OLD.ref USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

CREATE TRIGGER change_whole AFTER INSERT ON publishing_change
    FOR EACH ROW EXECUTE FUNCTION publishing_change_whole();
CREATE TRIGGER document_belongs AFTER INSERT ON publishing_document
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION publishing_document_belongs();
CREATE TRIGGER publishable_stays BEFORE DELETE ON publishing_publishable
    FOR EACH ROW EXECUTE FUNCTION publishing_publishable_stays();
CREATE TRIGGER publishable_ref_stays BEFORE UPDATE OF ref ON publishing_publishable
    FOR EACH ROW WHEN (NEW.ref <> OLD.ref) EXECUTE FUNCTION publishing_publishable_stays();
CREATE TRIGGER ledger_appends AFTER INSERT ON publishing_ledgerentry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION publishing_ledger_appends();
CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON publishing_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON publishing_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();
CREATE TRIGGER change_no_change BEFORE UPDATE OR DELETE ON publishing_change
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();
CREATE TRIGGER change_no_truncate BEFORE TRUNCATE ON publishing_change
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();
CREATE TRIGGER document_close_only BEFORE UPDATE ON publishing_document
    FOR EACH ROW EXECUTE FUNCTION publishing_document_close_only();
CREATE TRIGGER document_no_delete BEFORE DELETE ON publishing_document
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();
CREATE TRIGGER document_no_truncate BEFORE TRUNCATE ON publishing_document
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();

ALTER TABLE publishing_change ENABLE ALWAYS TRIGGER change_whole;
ALTER TABLE publishing_document ENABLE ALWAYS TRIGGER document_belongs;
ALTER TABLE publishing_publishable ENABLE ALWAYS TRIGGER publishable_stays;
ALTER TABLE publishing_publishable ENABLE ALWAYS TRIGGER publishable_ref_stays;
ALTER TABLE publishing_ledgerentry ENABLE ALWAYS TRIGGER ledger_appends;
ALTER TABLE publishing_ledgerentry ENABLE ALWAYS TRIGGER ledger_no_change;
ALTER TABLE publishing_ledgerentry ENABLE ALWAYS TRIGGER ledger_no_truncate;
ALTER TABLE publishing_change ENABLE ALWAYS TRIGGER change_no_change;
ALTER TABLE publishing_change ENABLE ALWAYS TRIGGER change_no_truncate;
ALTER TABLE publishing_document ENABLE ALWAYS TRIGGER document_close_only;
ALTER TABLE publishing_document ENABLE ALWAYS TRIGGER document_no_delete;
ALTER TABLE publishing_document ENABLE ALWAYS TRIGGER document_no_truncate;

-- Whoever is not the owner may read and append, and close a document.
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT DISTINCT grantee, table_name FROM information_schema.role_table_grants
                 WHERE table_schema = 'public' AND grantee <> current_user
                   AND table_name IN ('publishing_ledgerentry', 'publishing_change', 'publishing_document')
    LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I', held.table_name, held.grantee);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', held.table_name, held.grantee);
        IF held.table_name = 'publishing_document' THEN
            EXECUTE format('GRANT UPDATE (until_seq) ON %I TO %I', held.table_name, held.grantee);
        END IF;
    END LOOP;
END $$;
