-- SPDX-License-Identifier: Apache-2.0
-- A place in a database: its roles, its two tables, and who may do what with them (docs/database.md,
-- docs/database-security.md). Run by `errand database init` in one transaction. Roles belong to the whole server: if
-- another of its databases has a place, they are there already.

do $roles$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('errand_owner', 'nologin', 'errand: owns the schema errand and its tables; nobody logs in as it'),
      ('errand_lender', 'nologin', 'errand: owns lend() and take_back(), which lend submitters to workers'),
      ('errand_user', 'nologin', 'errand: whoever is a member may submit jobs'),
      ('errand_worker', 'nologin', 'errand: the group of worker identities; has no rights'),
      ('errand_launchpad', 'login', 'errand: the service that runs jobs on the database''s host')
    ) as roles (name, attributes, about)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.attributes);
      execute format('comment on role %I is %L', wanted.name, wanted.about);
    end if;
  end loop;
end
$roles$;

-- Who runs this may be no superuser; what it makes belongs to errand_owner all the same.
do $membership$
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    grant errand_owner, errand_lender to current_user;
  end if;
end
$membership$;
create schema errand authorization errand_owner;
set local role errand_owner;
comment on schema errand is 'errand: jobs; made and changed by errand database init';
grant usage on schema errand to errand_user, errand_launchpad, errand_lender;

create table errand.migration (
  number integer primary key,
  name text not null,
  applied timestamptz not null default clock_timestamp());
comment on table errand.migration is 'errand: which of its schema''s steps this database has seen';

create table errand.installation (
  major integer not null,
  minor integer not null,
  place_id text collate "C" not null,
  created timestamptz not null default clock_timestamp());
create unique index installation_is_one on errand.installation ((true));
comment on table errand.installation is 'errand: the place''s format version and its id; one row';
insert into errand.installation (major, minor, place_id)
  select 1, 0, string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + get_byte(random_bytes, digit) % 32, 1), '')
  from (select uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as random_bytes) as drawn,
    generate_series(0, 25) as digit;

-- The owner is part of every key: each role has a tree of its own, and can neither name nor collide with another's.
create table errand.directory (
  owner name not null default current_user,
  path text collate "C" not null,
  created timestamptz not null default clock_timestamp(),
  active boolean not null default false,
  lease bigint,
  primary key (owner, path),
  -- What the launchpad makes of it on its disk must stay below the place.
  constraint path_is_plain check (octet_length(path) <= 1024 and path ~ '^([^/]+(/[^/]+)*)?$'
    and path !~ '(^|/)[.][.]?(/|$)' and path !~ '[\x01-\x1f\x7f]'));
create index directory_active on errand.directory (path) where active;
comment on table errand.directory is 'errand: directories of the place: jobs/<id>, staging/<id>, programs; the root is the empty path';
comment on column errand.directory.active is 'the job is not settled: the mark active/<id> of a place on disk';
comment on column errand.directory.lease is 'the lease of the launchpad that claimed it; null: nobody''s';

create table errand.block (
  owner name not null default current_user,
  directory text collate "C" not null,
  file text collate "C" not null,
  start bigint not null,
  data bytea not null,
  written timestamptz not null default clock_timestamp(),
  primary key (owner, directory, file, start),
  foreign key (owner, directory) references errand.directory (owner, path) on update cascade on delete cascade,
  constraint file_is_plain check (octet_length(file) between 1 and 255 and file !~ '[/\x01-\x1f\x7f]'
    and file not in ('.', '..')),
  -- A field of half a gigabyte could be neither dumped nor shown.
  constraint block_is_small check (start >= 0 and octet_length(data) <= 1048576));
-- errand has compressed what is worth it.
alter table errand.block alter data set storage external;
comment on table errand.block is 'errand: files, cut into blocks of at most 1 MiB; start is where in the file a block begins';

-- Jobs come and go: what a removed one leaves is to be used again soon, however large the tables have become. Blocks
-- mostly are inserted and deleted once; their data lies in the TOAST table, whose chunks have settings of their own.
alter table errand.directory set (
  autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.1);
alter table errand.block set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.1,
  autovacuum_vacuum_cost_delay = 1,
  toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_threshold = 2000,
  toast.autovacuum_vacuum_cost_delay = 1);

-- Submitters: their own rows, as the policies check, whatever owner a statement names. A claim cannot be made: lease
-- keeps its default.
grant select on errand.installation, errand.migration to errand_user, errand_launchpad;
grant select, insert (owner, path, active), update (path, active), delete on errand.directory to errand_user;
grant select, insert (owner, directory, file, start, data), update (directory, file, start, data, written), delete
  on errand.block to errand_user;
alter table errand.directory enable row level security;
alter table errand.block enable row level security;
create policy own_directories on errand.directory to errand_user
  using (owner = current_user) with check (owner = current_user);
create policy own_blocks_are_read on errand.block for select to errand_user using (owner = current_user);
create policy own_blocks_are_removed on errand.block for delete to errand_user using (owner = current_user);
-- What the launchpad alone writes: no submitter makes or changes outcomes.
create policy own_files_are_written on errand.block for insert to errand_user
  with check (owner = current_user and file !~ '^(log|values|console|progress|claim)[.]');
create policy own_files_are_changed on errand.block for update to errand_user
  using (owner = current_user and file !~ '^(log|values|console|progress|claim)[.]')
  with check (owner = current_user and file !~ '^(log|values|console|progress|claim)[.]');

-- The launchpad: everybody's rows. It makes no directories, so that it can claim only what somebody submitted.
grant select, update (active, lease), delete on errand.directory to errand_launchpad;
grant select, insert (owner, directory, file, start, data), update (start, data, written), delete
  on errand.block to errand_launchpad;
create policy all_directories on errand.directory to errand_launchpad using (true) with check (true);
create policy all_blocks on errand.block to errand_launchpad using (true) with check (true);

-- Anybody may take any advisory lock: it counts only if the launchpad's own role holds it. What lies below the views
-- pg_locks and pg_stat_activity is asked: every status of a running job asks this.
create function errand.lease_is_alive(lease bigint) returns boolean
  language sql stable security invoker set search_path = pg_catalog, pg_temp
  as $$
    select exists (
      select from pg_lock_status() as held
      where held.locktype = 'advisory' and held.granted and held.classid = 25970 and held.objsubid = 2
        and held.objid::bigint = $1
        and held.database = (select oid from pg_database where datname = current_database())
        and exists (select from pg_stat_get_activity(held.pid) as holder
          where holder.usesysid = (select oid from pg_roles where rolname = 'errand_launchpad')))
  $$;
revoke all on function errand.lease_is_alive from public;
grant execute on function errand.lease_is_alive to errand_user, errand_launchpad, errand_lender;
comment on function errand.lease_is_alive is 'errand: whether a session of the launchpad holds that lease';
reset role;
