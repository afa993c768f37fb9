-- A signed head is about a position of the ledger, and stays as it is, whoever writes.

CREATE FUNCTION publishing_head_of_the_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM publishing_ledgerentry WHERE seq = NEW.seq AND hash = NEW.hash) THEN
        RAISE EXCEPTION 'no position % with that hash is in the ledger', NEW.seq USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER head_of_the_ledger AFTER INSERT ON publishing_signedhead
    FOR EACH ROW EXECUTE FUNCTION publishing_head_of_the_ledger();
CREATE TRIGGER head_no_change BEFORE UPDATE OR DELETE ON publishing_signedhead
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();
CREATE TRIGGER head_no_truncate BEFORE TRUNCATE ON publishing_signedhead
    FOR EACH STATEMENT EXECUTE FUNCTION publishing_refuse();

ALTER TABLE publishing_signedhead ENABLE ALWAYS TRIGGER head_of_the_ledger;
ALTER TABLE publishing_signedhead ENABLE ALWAYS TRIGGER head_no_change;
ALTER TABLE publishing_signedhead ENABLE ALWAYS TRIGGER head_no_truncate;

DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
                 WHERE table_schema = 'public' AND grantee <> current_user AND table_name = 'publishing_signedhead'
    LOOP
        EXECUTE format('REVOKE ALL ON publishing_signedhead FROM %I', held.grantee);
        EXECUTE format('GRANT SELECT, INSERT ON publishing_signedhead TO %I', held.grantee);
    END LOOP;
END $$;
