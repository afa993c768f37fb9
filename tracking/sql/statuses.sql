-- What the database itself refuses about statuses. Functions belong to the role that migrates; the triggers fire ALWAYS.

-- A status change is written once. Only three things may follow: its position in the ledger, and the translation of its
-- texts where one language was still empty. (As it is since there are redactions, it stands in redaction.sql.)
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
    IF OLD.seq IS NULL AND NEW.seq <= (SELECT max(last_seq) FROM publishing_change) THEN
        RAISE EXCEPTION 'a status change stands in the ledger' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION tracking_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what was published stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

-- The status that their published changes give to records: the latest day, and on equal days the higher position.
CREATE FUNCTION tracking_current_statuses(records bigint[])
RETURNS TABLE (record_id bigint, status varchar, status_since date) LANGUAGE sql STABLE AS $$
    SELECT r.id, coalesce(c.status, 'not_assessed'), c.effective_on
      FROM unnest(records) AS r(id) LEFT JOIN LATERAL (
        SELECT c.status, c.effective_on FROM tracking_statuschange c
         WHERE c.record_id = r.id AND c.seq IS NOT NULL
           AND NOT EXISTS (SELECT FROM tracking_statuschange later WHERE later.supersedes_id = c.publishable_ptr_id)
         ORDER BY c.effective_on DESC, c.seq DESC LIMIT 1) c ON true
$$;

-- Raise when one of these records shows another status than its changes give.
CREATE FUNCTION tracking_check_records(records bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT r.publishable_ptr_id AS id, r.status AS shown, given.status AS given INTO wrong
      FROM tracking_current_statuses(records) given JOIN tracking_record r ON r.publishable_ptr_id = given.record_id
     WHERE (r.status, r.status_since) IS DISTINCT FROM (given.status, given.status_since) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'record % shows the status %, and the ledger gives %', wrong.id, wrong.shown, wrong.given
            USING ERRCODE = 'check_violation';
    END IF;
END $$;

-- A position may be given only while its act is under way: the end of the act is when it is looked at.
CREATE FUNCTION tracking_statuschange_new() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    future date;
BEGIN
    -- Today is the day in UTC.
    SELECT max(effective_on) INTO future FROM added;
    IF future > (clock_timestamp() AT TIME ZONE 'UTC')::date THEN
        RAISE EXCEPTION 'a status cannot hold from %, a day to come', future USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM added WHERE seq <= (SELECT max(last_seq) FROM publishing_change)) THEN
        RAISE EXCEPTION 'a status change stands in the ledger' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

-- What a change cites is settled before its act ends.
CREATE FUNCTION tracking_statuschange_evidence_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN tracking_statuschange c ON c.publishable_ptr_id = a.statuschange_id
                WHERE c.seq <= (SELECT max(last_seq) FROM publishing_change)) THEN
        RAISE EXCEPTION 'a status change is never altered; publish a correction' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- When an act ends, each status change in it has its evidence, all of it about the same record, and its own position,
-- and the records show the status that their changes give.
CREATE FUNCTION tracking_act_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stray bigint; strange bigint; uncited bigint; records bigint[];
BEGIN
    SELECT array_agg(DISTINCT record_id) INTO records FROM tracking_statuschange
     WHERE seq BETWEEN NEW.first_seq AND NEW.last_seq;
    IF records IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT min(c.seq) FILTER (WHERE l.ref IS DISTINCT FROM p.ref OR c.first_version IS DISTINCT FROM NEW.first_seq),
           min(c.seq) FILTER (WHERE corrected.record_id <> c.record_id)
      INTO stray, strange
      FROM tracking_statuschange c
      JOIN publishing_publishable p ON p.id = c.publishable_ptr_id
      LEFT JOIN publishing_ledgerentry l ON l.seq = c.seq
      LEFT JOIN tracking_statuschange corrected ON corrected.publishable_ptr_id = c.supersedes_id
     WHERE c.seq BETWEEN NEW.first_seq AND NEW.last_seq;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION 'a status change stands in the ledger' USING ERRCODE = 'check_violation';
    END IF;
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION 'a correction is about the same record as what it corrects' USING ERRCODE = 'check_violation';
    END IF;
    SELECT min(c.seq) FILTER (WHERE e.record_id IS NULL), min(c.seq) FILTER (WHERE e.record_id <> c.record_id)
      INTO uncited, strange
      FROM tracking_statuschange c
      LEFT JOIN tracking_statuschange_evidence l ON l.statuschange_id = c.publishable_ptr_id
      LEFT JOIN tracking_evidence e ON e.publishable_ptr_id = l.evidence_id
     WHERE c.seq BETWEEN NEW.first_seq AND NEW.last_seq;
    IF uncited IS NOT NULL THEN
        RAISE EXCEPTION 'a status needs at least one evidence row' USING ERRCODE = 'check_violation';
    END IF;
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION 'the evidence of a status is about the same record' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM tracking_check_records(records);
    RETURN NULL;
END $$;

-- At commit a status change belongs to an act that has ended.
CREATE FUNCTION tracking_statuschange_positioned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM tracking_statuschange c WHERE c.publishable_ptr_id = NEW.publishable_ptr_id
           AND c.seq <= (SELECT max(last_seq) FROM publishing_change)) THEN
        RAISE EXCEPTION 'a status change stands in the ledger' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION tracking_record_shows_current() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tracking_check_records(array_agg(publishable_ptr_id)) FROM updated;
    RETURN NULL;
END $$;

CREATE FUNCTION tracking_record_begins_not_assessed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tracking_check_records(ARRAY[NEW.publishable_ptr_id]);
    RETURN NULL;
END $$;

CREATE TRIGGER statuschange_fixed BEFORE UPDATE ON tracking_statuschange
    FOR EACH ROW EXECUTE FUNCTION tracking_statuschange_fixed();
CREATE TRIGGER statuschange_no_delete BEFORE DELETE ON tracking_statuschange
    FOR EACH STATEMENT EXECUTE FUNCTION tracking_refuse();
CREATE TRIGGER statuschange_no_truncate BEFORE TRUNCATE ON tracking_statuschange
    FOR EACH STATEMENT EXECUTE FUNCTION tracking_refuse();
CREATE TRIGGER statuschange_new AFTER INSERT ON tracking_statuschange
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tracking_statuschange_new();
CREATE CONSTRAINT TRIGGER statuschange_positioned AFTER INSERT ON tracking_statuschange
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tracking_statuschange_positioned();
CREATE TRIGGER act_complete AFTER INSERT ON publishing_change
    FOR EACH ROW EXECUTE FUNCTION tracking_act_complete();
CREATE TRIGGER statuschange_evidence_fixed BEFORE UPDATE OR DELETE ON tracking_statuschange_evidence
    FOR EACH ROW EXECUTE FUNCTION tracking_refuse();
CREATE TRIGGER statuschange_evidence_settled AFTER INSERT ON tracking_statuschange_evidence
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tracking_statuschange_evidence_settled();
CREATE TRIGGER statuschange_evidence_no_truncate BEFORE TRUNCATE ON tracking_statuschange_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION tracking_refuse();
CREATE TRIGGER record_shows_current AFTER UPDATE ON tracking_record
    REFERENCING NEW TABLE AS updated FOR EACH STATEMENT EXECUTE FUNCTION tracking_record_shows_current();
CREATE CONSTRAINT TRIGGER record_begins_not_assessed AFTER INSERT ON tracking_record
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status <> 'not_assessed' OR NEW.status_since IS NOT NULL)
    EXECUTE FUNCTION tracking_record_begins_not_assessed();

ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_fixed;
ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_no_delete;
ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_no_truncate;
ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_new;
ALTER TABLE tracking_statuschange ENABLE ALWAYS TRIGGER statuschange_positioned;
ALTER TABLE publishing_change ENABLE ALWAYS TRIGGER act_complete;
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
