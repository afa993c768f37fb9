-- What was merged leads straight to a thing of its own kind, and stays in the books. The triggers fire ALWAYS.

CREATE FUNCTION publishing_merged_straight() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM publishing_publishable WHERE id = NEW.merged_into_id AND resource = NEW.resource) THEN
        RAISE EXCEPTION '% can only be merged into a thing of its own kind', NEW.ref USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM publishing_publishable WHERE id = NEW.merged_into_id AND merged_into_id IS NOT NULL)
       OR EXISTS (SELECT FROM publishing_publishable WHERE merged_into_id = NEW.id) THEN
        RAISE EXCEPTION '% cannot be merged: what is merged leads straight to what stays', NEW.ref
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- A merger waits until it is done or discarded; one that was done can only be undone, once, and is never removed.
CREATE FUNCTION publishing_merger_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.done_in_id IS NOT NULL AND (TG_OP = 'DELETE' OR NEW.done_in_id IS DISTINCT FROM OLD.done_in_id)
       OR TG_OP = 'UPDATE' AND ((NEW.old_id, NEW.into_id) <> (OLD.old_id, OLD.into_id)
          OR (OLD.state, NEW.state) NOT IN (('waiting', 'merged'), ('waiting', 'discarded'), ('merged', 'undone'))) THEN
        RAISE EXCEPTION 'a merger that is % is not changed like that', OLD.state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

CREATE TRIGGER merged_straight BEFORE INSERT OR UPDATE OF merged_into_id ON publishing_publishable
    FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL) EXECUTE FUNCTION publishing_merged_straight();
CREATE TRIGGER merger_life BEFORE UPDATE OR DELETE ON publishing_merger
    FOR EACH ROW EXECUTE FUNCTION publishing_merger_life();

ALTER TABLE publishing_publishable ENABLE ALWAYS TRIGGER merged_straight;
ALTER TABLE publishing_merger ENABLE ALWAYS TRIGGER merger_life;
