#!/bin/sh
# Makes the two roles when the database server starts on an empty volume: one owns and migrates, one only runs.
set -eu
psql --set=ON_ERROR_STOP=1 --set=owner_password="$OWNER_PASSWORD" --set=app_password="$APP_PASSWORD" \
  --username "$POSTGRES_USER" --dbname template1 <<'SQL'
CREATE ROLE pactwatch LOGIN PASSWORD :'owner_password';
CREATE ROLE pactwatch_app LOGIN PASSWORD :'app_password';
-- When a reader and a migration wait for each other, the migration gives way, which waits for half a second only.
ALTER ROLE pactwatch_app SET deadlock_timeout = '10s';
ALTER DEFAULT PRIVILEGES FOR ROLE pactwatch GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO pactwatch_app;
ALTER DEFAULT PRIVILEGES FOR ROLE pactwatch GRANT USAGE, SELECT ON SEQUENCES TO pactwatch_app;
CREATE DATABASE pactwatch OWNER pactwatch;
SQL
