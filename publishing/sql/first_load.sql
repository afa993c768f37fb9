-- A first load sets indexes and references aside and makes them again in the end, set-wise and by several processes,
-- where keeping them up to date row by row would take a third of the time. The role that runs the product may ask for
-- it, and for nothing else: only tables that are still empty, and no transaction ends before all of it stands again.

CREATE TABLE publishing_setaside (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    definition text NOT NULL
);
DO $$
DECLARE
    other record;
BEGIN
    FOR other IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
                  WHERE table_schema = 'public' AND table_name = 'publishing_setaside' AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE ALL ON publishing_setaside FROM %I', other.grantee);
    END LOOP;
END $$;

CREATE FUNCTION publishing_setaside_restored() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM publishing_setaside WHERE place = NEW.place) THEN
        RAISE EXCEPTION 'a first load ends with what it set aside: %', NEW.definition
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER setaside_restored AFTER INSERT ON publishing_setaside
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION publishing_setaside_restored();
ALTER TABLE publishing_setaside ENABLE ALWAYS TRIGGER setaside_restored;

-- Set aside what these tables have besides their keys and what is named in `kept`: indexes, exclusions, and references
-- from one of them to another. Tables that have rows are left alone.
CREATE FUNCTION publishing_begin_first_load(tables text[], kept text[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    name text; has_rows boolean; empty oid[] := '{}'; found record;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        -- What comes between would not be seen: readers and writers wait until the load has ended.
        EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', name);
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO has_rows;
        IF NOT has_rows THEN
            empty := empty || format('public.%I', name)::regclass::oid;
        END IF;
    END LOOP;
    FOR found IN
        SELECT conrelid::regclass AS tab, conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
         WHERE conrelid = ANY (empty) AND conname <> ALL (kept)
           AND (contype = 'x' OR contype = 'f' AND confrelid = ANY (empty))
         ORDER BY contype, conname
    LOOP
        INSERT INTO publishing_setaside (definition)
        VALUES (format('ALTER TABLE %s ADD CONSTRAINT %I %s', found.tab, found.conname, found.definition));
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.tab, found.conname);
    END LOOP;
    FOR found IN
        SELECT indexrelid::regclass AS index, pg_get_indexdef(indexrelid) AS definition
          FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
         WHERE indrelid = ANY (empty) AND relname <> ALL (kept)
           AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
         ORDER BY relname
    LOOP
        INSERT INTO publishing_setaside (definition) VALUES (found.definition);
        EXECUTE format('DROP INDEX %s', found.index);
    END LOOP;
END $$;

-- Check what was deferred, for no table changes before its checks are done, and make again what was set aside.
CREATE FUNCTION publishing_end_first_load() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET maintenance_work_mem = '256MB' AS $$
DECLARE
    deferred text; found record;
BEGIN
    SELECT string_agg(DISTINCT format('public.%I', conname), ', ') INTO deferred FROM pg_constraint
     WHERE condeferrable AND connamespace = 'public'::regnamespace AND conrelid <> 'publishing_setaside'::regclass;
    EXECUTE 'SET CONSTRAINTS ' || deferred || ' IMMEDIATE';
    FOR found IN SELECT place, definition FROM publishing_setaside ORDER BY place DESC LOOP
        EXECUTE found.definition;
        DELETE FROM publishing_setaside WHERE place = found.place;
    END LOOP;
    SET CONSTRAINTS ALL DEFERRED;
END $$;
