-- Who has a role is staff, whoever gives it; who loses the last one is not.
CREATE FUNCTION accounts_staff_have_roles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE accounts_user SET is_staff = true WHERE id = NEW.user_id AND NOT is_staff;
    ELSE
        UPDATE accounts_user SET is_staff = is_superuser
        WHERE id = OLD.user_id
            AND is_staff <> is_superuser
            AND NOT EXISTS (SELECT FROM accounts_user_groups WHERE user_id = OLD.user_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER staff_have_roles AFTER INSERT OR DELETE ON accounts_user_groups
    FOR EACH ROW EXECUTE FUNCTION accounts_staff_have_roles();

-- Foreign keys keep whoever published or decided; the edit history names people without one.
CREATE FUNCTION accounts_history_keeps_authors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.last_login IS NOT NULL
        OR EXISTS (SELECT FROM pghistory_context WHERE metadata ->> 'user' = OLD.id::text)
    THEN
        RAISE EXCEPTION 'The account % is named in the history. Close it instead of deleting it.', OLD.username
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER history_keeps_authors BEFORE DELETE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_history_keeps_authors();
ALTER TABLE accounts_user ENABLE ALWAYS TRIGGER history_keeps_authors;
