-- The life of a decision, as NEXT_STATES in tracking/models.py has it: it begins as a draft or submitted, takes no other
-- step than those, and once it is approved or withdrawn nothing about it changes any more. The triggers fire ALWAYS.

CREATE OR REPLACE FUNCTION tracking_decision_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('draft', 'submitted') THEN
            RAISE EXCEPTION 'a decision does not begin as %', NEW.state USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    -- What a redaction under way takes out of its status change goes from the decision too.
    IF OLD.state = 'approved' AND TG_OP = 'UPDATE' AND tracking_being_redacted(OLD.status_change_id) <> '{}'
       AND to_jsonb(NEW) = to_jsonb(OLD) || tracking_being_redacted(OLD.status_change_id) THEN
        RETURN NEW;
    END IF;
    IF OLD.state IN ('approved', 'withdrawn') THEN
        RAISE EXCEPTION 'a decision that is % is never changed or removed', OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'submitted'), ('draft', 'withdrawn'),
        ('submitted', 'draft'), ('submitted', 'returned'), ('submitted', 'approved'), ('submitted', 'withdrawn'),
        ('returned', 'draft'), ('returned', 'submitted'), ('returned', 'withdrawn')) THEN
        RAISE EXCEPTION 'a decision that is % cannot become %', OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- What such a decision cites and settles stays as it was then.
CREATE OR REPLACE FUNCTION tracking_decision_links_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM tracking_decision WHERE state IN ('approved', 'withdrawn')
                AND id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.decision_id END,
                           CASE WHEN TG_OP <> 'DELETE' THEN NEW.decision_id END)) THEN
        RAISE EXCEPTION 'a decision that is closed is never changed or removed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

CREATE OR REPLACE TRIGGER decision_life BEFORE INSERT OR UPDATE OR DELETE ON tracking_decision
    FOR EACH ROW EXECUTE FUNCTION tracking_decision_life();
CREATE OR REPLACE TRIGGER decision_evidence_stays BEFORE INSERT OR UPDATE OR DELETE ON tracking_decision_evidence
    FOR EACH ROW EXECUTE FUNCTION tracking_decision_links_stay();
CREATE OR REPLACE TRIGGER decision_findings_stay BEFORE INSERT OR UPDATE OR DELETE ON tracking_decision_findings
    FOR EACH ROW EXECUTE FUNCTION tracking_decision_links_stay();
ALTER TABLE tracking_decision ENABLE ALWAYS TRIGGER decision_life;
ALTER TABLE tracking_decision_evidence ENABLE ALWAYS TRIGGER decision_evidence_stays;
ALTER TABLE tracking_decision_findings ENABLE ALWAYS TRIGGER decision_findings_stay;
