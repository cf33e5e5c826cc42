-- The roles and the database, made by a superuser; safe to run again, which sets the passwords anew:
--     psql --no-psqlrc --file deploy/postgres/roles.sql "$SUPERUSER_URL"
-- mainstay_owner     owns the tables and migrates
-- mainstay_app       serves: web, worker, clock; row-level security binds it
-- mainstay_backup    reads everything, for dumps: row-level security binds the owner too, but not this one
-- mainstay_serving   carries what serving roles may do, so that there can be several
\set ON_ERROR_STOP on
\getenv owner_password MAINSTAY_OWNER_PASSWORD
\getenv app_password MAINSTAY_APP_PASSWORD
\getenv backup_password MAINSTAY_BACKUP_PASSWORD

SELECT format('CREATE ROLE %I', name)
FROM (VALUES ('mainstay_serving'), ('mainstay_owner'), ('mainstay_app'), ('mainstay_backup')) AS needed (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE mainstay_serving NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE mainstay_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
ALTER ROLE mainstay_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
ALTER ROLE mainstay_backup LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'backup_password';
ALTER ROLE mainstay_backup SET default_transaction_read_only = on;
GRANT mainstay_serving TO mainstay_app;
GRANT pg_read_all_data TO mainstay_backup;

SELECT 'CREATE DATABASE mainstay OWNER mainstay_owner TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8'''
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mainstay') \gexec
\connect mainstay
ALTER SCHEMA public OWNER TO mainstay_owner;
GRANT CONNECT ON DATABASE mainstay TO mainstay_serving;
GRANT USAGE ON SCHEMA public TO mainstay_serving;
ALTER DEFAULT PRIVILEGES FOR ROLE mainstay_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO mainstay_serving;
ALTER DEFAULT PRIVILEGES FOR ROLE mainstay_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO mainstay_serving;
ALTER DEFAULT PRIVILEGES FOR ROLE mainstay_owner IN SCHEMA public
    GRANT EXECUTE ON FUNCTIONS TO mainstay_serving;
