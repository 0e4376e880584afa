-- SPDX-License-Identifier: Apache-2.0
-- The worker pool: roles without rights, one for each OS user that tasks run as. For the time of a job the launchpad
-- lends a worker the submitter's role; the server then knows the worker's sessions as the submitter's.

set local role errand_owner;
create table errand.worker (
  name name primary key,
  owner name,
  lease bigint,
  since timestamptz,
  constraint free_or_lent check ((owner is null) = (lease is null)));
comment on table errand.worker is 'errand: the pool of worker roles of this database, and whom each is lent';
grant select, update (owner, lease, since) on errand.worker to errand_lender;
grant select on errand.worker to errand_launchpad;
grant select on errand.directory to errand_lender;
create policy lender_looks on errand.directory for select to errand_lender using (true);
grant create on schema errand to errand_lender;
set local role errand_lender;

-- Who is a member of whom. Expected in a worker: the lender, and whoever may make roles.
create view errand.bond as
  select held.rolname as held, holder.rolname as holder,
    holder.rolname = 'errand_lender' or holder.rolsuper or holder.rolcreaterole as expected
  from pg_auth_members as given join pg_roles as held on held.oid = given.roleid
    join pg_roles as holder on holder.oid = given.member;

-- Takes every membership away that joins the worker with anybody. A worker's task may have granted the worker to its
-- submitter (up to PostgreSQL 14 a session may grant its own role): he would become whoever it is lent next.
-- Errors: 55006 if some cannot be taken away.
create function errand.part_worker(worker name) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
  declare
    bond record;
  begin
    for bond in
      select held, holder from errand.bond where (holder = worker and held <> 'errand_worker')
        or (held = worker and not expected)
    loop
      begin
        execute format('revoke %I from %I', bond.held, bond.holder);
      exception when insufficient_privilege then
        raise exception 'worker % is of no use: % is a member of %', worker, bond.holder, bond.held
          using errcode = 'object_in_use',
            hint = format('The administrator says: revoke %I from %I', bond.held, bond.holder);
      end;
    end loop;
    -- From PostgreSQL 16 on a grant is its grantor's: that of somebody mightier stays, with a warning.
    for bond in
      select held, holder from errand.bond where (holder = worker and held <> 'errand_worker')
        or (held = worker and not expected)
    loop
      raise exception 'worker % is of no use: % is a member of %', worker, bond.holder, bond.held
        using errcode = 'object_in_use',
          hint = format('The administrator says: revoke %I from %I', bond.held, bond.holder);
    end loop;
  end
  $$;

-- Why that submitter's role may be nobody's but his own; null if it may be lent.
create function errand.refusal_to_lend(submitter name) returns text
  language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select case
      when not exists (select from pg_roles where rolname = submitter) then 'there is no such role'
      when not pg_has_role(submitter, 'errand_user', 'member') then 'it is no member of errand_user'
      when power.what is not null then 'it is, or is a member of, a role with the right ' || power.what
      when not pg_has_role('errand_lender', submitter, 'member with admin option')
        then 'errand_lender may not grant it: errand database init --user ' || submitter || ' allows that'
    end
    from (select 1) as one left join (
      select rolname, case
          when rolsuper then 'superuser' when rolcreaterole then 'createrole' when rolcreatedb then 'createdb'
          when rolreplication then 'replication' when rolbypassrls then 'bypassrls' else rolname::text
        end as what
      from pg_roles
      where (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls
          or rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files',
            'pg_signal_backend', 'pg_read_all_data', 'pg_write_all_data', 'pg_database_owner',
            'errand_owner', 'errand_lender', 'errand_launchpad', 'errand_worker'))
        and exists (select from pg_roles where rolname = submitter)
        and pg_has_role(submitter, oid, 'member')
      order by not rolsuper, rolname limit 1) as power on true
  $$;

create function errand.require_lease(lease bigint) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
  begin
    if not coalesce(errand.lease_is_alive(lease), false) then
      raise exception 'no launchpad holds lease %', lease using errcode = 'object_not_in_prerequisite_state';
    end if;
  end
  $$;

-- Lends the submitter's role to a free worker. The lease has to be alive and to hold a claimed job of that submitter.
-- Errors: 55000 (no such lease, or it holds no job of his), 55006 (the worker is not free), 42501 (his role may not be
-- lent), 42704 (no worker of that name).
create function errand.lend(worker name, owner name, lease bigint) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
  declare
    place record;
    refusal text;
  begin
    perform errand.require_lease(lease);
    if not exists (select from errand.directory as held where held.owner = lend.owner and held.lease = lend.lease
        and held.path like 'jobs/%') then
      raise exception 'lease % holds no job of %', lease, owner using errcode = 'object_not_in_prerequisite_state';
    end if;
    refusal := errand.refusal_to_lend(owner);
    if refusal is not null then
      raise exception 'the role % may not be lent: %', owner, refusal using errcode = 'insufficient_privilege';
    end if;
    -- Two launchpads that want one worker: the second waits here and then sees that it is lent.
    select * into place from errand.worker as pool where pool.name = lend.worker for update;
    if not found then
      raise exception 'there is no worker %', worker
        using errcode = 'undefined_object', hint = 'errand database init --workers N makes workers';
    end if;
    if place.lease is not null then
      raise exception 'worker % is lent to %', worker, place.owner using errcode = 'object_in_use';
    end if;
    if exists (select from pg_stat_activity where usename = worker) then
      raise exception 'worker % still has sessions', worker using errcode = 'object_in_use';
    end if;
    -- A role may change its own settings: a search_path left behind would lead the next submitter astray.
    if exists (select from pg_db_role_setting join pg_roles as role on role.oid = setrole
        where role.rolname = worker) then
      raise exception 'worker % has settings of its own', worker using errcode = 'object_in_use',
        hint = format('The administrator says: alter role %I reset all; or runs errand database init.', worker);
    end if;
    perform errand.part_worker(worker);
    execute format('grant %I to %I', owner, worker);
    update errand.worker as pool set owner = lend.owner, lease = lend.lease, since = clock_timestamp()
      where pool.name = lend.worker;
  end
  $$;

-- Makes a worker nobody's again and ends its sessions; harmless if it is free. The lease has to be alive; what another
-- live lease lent is left alone. Errors: 55000 (no such lease), 55006 (lent under another), 42704 (no such worker).
create function errand.take_back(worker name, lease bigint) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
  as $$
  declare
    place record;
  begin
    perform errand.require_lease(lease);
    select * into place from errand.worker as pool where pool.name = take_back.worker for update;
    if not found then
      raise exception 'there is no worker %', worker using errcode = 'undefined_object';
    end if;
    if place.lease <> take_back.lease and errand.lease_is_alive(place.lease) then
      raise exception 'worker % is lent under another lease', worker using errcode = 'object_in_use';
    end if;
    perform errand.part_worker(worker);
    update errand.worker as pool set owner = null, lease = null, since = null where pool.name = take_back.worker;
    perform pg_terminate_backend(pid) from pg_stat_activity where usename = worker;
  end
  $$;

revoke all on function errand.part_worker, errand.refusal_to_lend, errand.require_lease, errand.lend, errand.take_back
  from public;
grant execute on function errand.lend, errand.take_back to errand_launchpad;
grant execute on function errand.refusal_to_lend to errand_launchpad, errand_user;
comment on function errand.lend is 'errand: lends a worker the role of a submitter whose job that lease holds';
comment on function errand.take_back is 'errand: takes the submitter''s role from a worker and ends its sessions';
set local role errand_owner;
revoke create on schema errand from errand_lender;
reset role;
