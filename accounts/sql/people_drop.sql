DROP TRIGGER history_keeps_authors ON accounts_user;
DROP FUNCTION accounts_history_keeps_authors();
DROP TRIGGER staff_have_roles ON accounts_user_groups;
DROP FUNCTION accounts_staff_have_roles();
