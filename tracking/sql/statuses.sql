-- What the database itself refuses about statuses. Functions belong to the role that migrates; the triggers fire ALWAYS.

-- A status change is written once. Only three things may follow: its position in the ledger, and the translation of its
-- texts where one language was still empty.
CREATE FUNCTION tracking_statuschange_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
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
    RETURN NEW;
END $$;

CREATE FUNCTION tracking_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what was published stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

-- Today is the day in UTC.
CREATE FUNCTION tracking_statuschange_not_future() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    future date;
BEGIN
    SELECT max(effective_on) INTO future FROM added;
    IF future > (clock_timestamp() AT TIME ZONE 'UTC')::date THEN
        RAISE EXCEPTION 'a status cannot hold from %, a day to come', future USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- The status that the published changes give: the latest day, and on equal days the higher position.
CREATE FUNCTION tracking_current_status(record bigint, OUT status varchar, OUT effective_on date) LANGUAGE sql STABLE AS $$
    SELECT c.status, c.effective_on FROM tracking_statuschange c
     WHERE c.record_id = record
       AND NOT EXISTS (SELECT FROM tracking_statuschange later WHERE later.supersedes_id = c.publishable_ptr_id)
     ORDER BY c.effective_on DESC, c.seq DESC LIMIT 1
$$;

-- What a change cites is settled before it stands in the ledger.
CREATE FUNCTION tracking_statuschange_evidence_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN tracking_statuschange c ON c.publishable_ptr_id = a.statuschange_id
                WHERE c.seq IS NOT NULL) THEN
        RAISE EXCEPTION 'a status change is never altered; publish a correction' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- At commit a change has its evidence, all of it about the same record, and its position, and the record shows the
-- status that its changes give.
CREATE FUNCTION tracking_statuschange_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cited bigint; strangers bigint;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE e.record_id <> NEW.record_id) INTO cited, strangers
      FROM tracking_statuschange_evidence l JOIN tracking_evidence e ON e.publishable_ptr_id = l.evidence_id
     WHERE l.statuschange_id = NEW.publishable_ptr_id;
    IF cited = 0 THEN
        RAISE EXCEPTION 'a status needs at least one evidence row' USING ERRCODE = 'check_violation';
    END IF;
    IF strangers > 0 THEN
        RAISE EXCEPTION 'the evidence of a status is about the same record' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.supersedes_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM tracking_statuschange WHERE publishable_ptr_id = NEW.supersedes_id AND record_id = NEW.record_id) THEN
        RAISE EXCEPTION 'a correction is about the same record as what it corrects' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM tracking_statuschange c
          JOIN publishing_publishable p ON p.id = c.publishable_ptr_id
          JOIN publishing_ledgerentry l ON l.seq = c.seq AND l.ref = p.ref
         WHERE c.publishable_ptr_id = NEW.publishable_ptr_id) THEN
        RAISE EXCEPTION 'a status change stands in the ledger' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM tracking_check_record(NEW.record_id);
    RETURN NULL;
END $$;

CREATE FUNCTION tracking_check_record(checked bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    shown varchar; given varchar;
BEGIN
    SELECT r.status, coalesce(c.status, 'not_assessed') INTO shown, given FROM tracking_record r
      LEFT JOIN LATERAL (
        SELECT c.status, c.effective_on FROM tracking_statuschange c
         WHERE c.record_id = checked
           AND NOT EXISTS (SELECT FROM tracking_statuschange later WHERE later.supersedes_id = c.publishable_ptr_id)
         ORDER BY c.effective_on DESC, c.seq DESC LIMIT 1) c ON true
     WHERE r.publishable_ptr_id = checked
       AND (r.status, r.status_since) IS DISTINCT FROM (coalesce(c.status, 'not_assessed'), c.effective_on);
    IF FOUND THEN
        RAISE EXCEPTION 'record % shows the status %, and the ledger gives %', checked, shown, given
            USING ERRCODE = 'check_violation';
    END IF;
END $$;

CREATE FUNCTION tracking_record_shows_current() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tracking_check_record(NEW.publishable_ptr_id);
    RETURN NULL;
END $$;

CREATE TRIGGER statuschange_fixed BEFORE UPDATE ON tracking_statuschange
    FOR EACH ROW EXECUTE FUNCTION tracking_statuschange_fixed();
CREATE TRIGGER statuschange_no_delete BEFORE DELETE ON tracking_statuschange
    FOR EACH STATEMENT EXECUTE FUNCTION tracking_refuse();
CREATE TRIGGER statuschange_no_truncate BEFORE TRUNCATE ON tracking_statuschange
    FOR EACH STATEMENT EXECUTE FUNCTION tracking_refuse();
CREATE TRIGGER statuschange_not_future AFTER INSERT ON tracking_statuschange
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tracking_statuschange_not_future();
CREATE CONSTRAINT TRIGGER statuschange_complete AFTER INSERT ON tracking_statuschange
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tracking_statuschange_complete();
CREATE TRIGGER statuschange_evidence_fixed BEFORE UPDATE OR DELETE ON tracking_statuschange_evidence
    FOR EACH ROW EXECUTE FUNCTION tracking_refuse();
CREATE TRIGGER statuschange_evidence_settled AFTER INSERT ON tracking_statuschange_evidence
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tracking_statuschange_evidence_settled();
CREATE TRIGGER statuschange_evidence_no_truncate BEFORE TRUNCATE ON tracking_statuschange_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION tracking_refuse();
CREATE CONSTRAINT TRIGGER record_shows_current AFTER UPDATE OF status, status_since ON tracking_record
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tracking_record_shows_current();
CREATE CONSTRAINT TRIGGER record_begins_not_assessed AFTER INSERT ON tracking_record
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status <> 'not_assessed' OR NEW.status_since IS NOT NULL)
    EXECUTE FUNCTION tracking_record_shows_current();

ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_fixed;
ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_no_delete;
ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_no_truncate;
ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_not_future;
ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_complete;
ALTER TABLE tracking_statuschange_evidence ENABLE ALWAYS TRIGGER statuschange_evidence_fixed;
ALTER TABLE tracking_statuschange_evidence ENABLE ALWAYS TRIGGER statuschange_evidence_settled;
ALTER TABLE tracking_statuschange_evidence ENABLE ALWAYS TRIGGER statuschange_evidence_no_truncate;
ALTER TABLE tracking_record ENABLE ALWAYS TRIGGER record_shows_current;
ALTER TABLE tracking_record ENABLE ALWAYS TRIGGER record_begins_not_assessed;

-- Rights: whoever is not the owner may not remove a status change or touch what it cites.
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT DISTINCT grantee, table_name FROM information_schema.role_table_grants
                 WHERE table_schema = 'public' AND grantee <> current_user
                   AND table_name IN ('tracking_statuschange', 'tracking_statuschange_evidence')
    LOOP
        EXECUTE format('REVOKE DELETE, TRUNCATE ON %I FROM %I', held.table_name, held.grantee);
        IF held.table_name = 'tracking_statuschange_evidence' THEN
            EXECUTE format('REVOKE UPDATE ON %I FROM %I', held.table_name, held.grantee);
        END IF;
    END LOOP;
END $$;
