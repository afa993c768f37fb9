-- A change is written after its rows: all of them, none of another change, in its own time, and right after the change
-- before it, so that every position up to the last change belongs to one.
CREATE OR REPLACE FUNCTION publishing_change_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM publishing_ledgerentry WHERE seq BETWEEN NEW.first_seq AND NEW.last_seq
         AND change_id = NEW.id AND recorded_at = NEW.recorded_at) <> NEW.last_seq - NEW.first_seq + 1 THEN
        RAISE EXCEPTION 'change % is not what the ledger has at positions % to %', NEW.id, NEW.first_seq, NEW.last_seq
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.first_seq > 1 AND NOT EXISTS (SELECT FROM publishing_change WHERE last_seq = NEW.first_seq - 1) THEN
        RAISE EXCEPTION 'position % of the ledger belongs to no change', NEW.first_seq - 1
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
