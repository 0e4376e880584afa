// SPDX-License-Identifier: Apache-2.0
#include "database/setup_state.h"

#include <algorithm>

#include "database/setup_plan.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::string_view about_session =
    "select current_database()::text, current_user::text, r.rolsuper, "
    "r.rolsuper or (r.rolcreaterole and has_database_privilege(current_database(), 'create')) "
    "from pg_roles r where r.rolname = current_user";
constexpr std::string_view about_schema =
    "select coalesce(obj_description(n.oid, 'pg_namespace'), '') like 'errand:%' and exists (select from "
    "pg_class c "
    "where c.relnamespace = n.oid and c.relname = 'migration'), "
    "exists (select from pg_class c where c.relnamespace = n.oid and c.relname = 'worker') "
    "from pg_namespace n where n.nspname = 'errand'";
constexpr std::string_view about_roles =
    "select r.rolname::text, coalesce(shobj_description(r.oid, 'pg_authid'), ''), "
    "exists (select from pg_db_role_setting s where s.setrole = r.oid) "
    "from pg_roles r where r.rolname like 'errand\\_%' order by r.rolname";
constexpr std::string_view about_users =
    "select u.name, r.oid is not null, "
    "coalesce(r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls, false), "
    "exists (select from pg_auth_members m join pg_roles g on g.oid = m.roleid "
    "where m.member = r.oid and g.rolname = 'errand_user'), "
    "exists (select from pg_auth_members m join pg_roles g on g.oid = m.member "
    "where m.roleid = r.oid and g.rolname = 'errand_lender' and m.admin_option) "
    "from unnest($1) as u(name) left join pg_roles r on r.rolname = u.name";

/// Those among them that this role may not grant, although it may create roles: from PostgreSQL 16 on that is
/// enough for its own ones only.
constexpr std::string_view about_grants =
    "select rolname::text from pg_roles where (rolname = any($1) or rolname ~ "
    "'^errand_(owner|lender|user)$') "
    "and not pg_has_role(oid, 'member with admin option') order by rolname";
constexpr int version_of_own_roles = 160000;

Result<void> read_session(Connection& connection, SetupState& state) {
  TRY(Rows rows, connection.run(about_session));
  state.server_version = connection.server_version();
  state.database = rows.text(0, 0);
  state.user = rows.text(0, 1);
  state.is_superuser = rows.truth(0, 2);
  state.may_create = rows.truth(0, 3);
  return {};
}

Result<void> read_roles(Connection& connection, SetupState& state) {
  TRY(Rows rows, connection.run(about_roles));
  for (std::size_t row = 0; row < rows.count(); ++row) {
    const std::string about(rows.text(row, 1));
    state.roles.push_back(
        {std::string(rows.text(row, 0)), about.starts_with("errand:"), about, rows.truth(row, 2)});
  }
  return {};
}

Result<void> read_users(Connection& connection, const std::vector<std::string>& users, SetupState& state) {
  Parameters parameters;
  parameters.texts(users);
  TRY(Rows rows, connection.run(about_users, parameters));
  for (std::size_t row = 0; row < rows.count(); ++row) {
    state.users.push_back({std::string(rows.text(row, 0)), rows.truth(row, 1), rows.truth(row, 2),
                           rows.truth(row, 3), rows.truth(row, 4)});
  }
  return {};
}

/// Errors: place_unwritable.
Result<void> check_grants(Connection& connection, const std::vector<std::string>& users,
                          const SetupState& state) {
  if (state.is_superuser || !state.may_create || state.server_version < version_of_own_roles) return {};
  TRY(Rows rows, connection.run(about_grants, Parameters().texts(users)));
  if (rows.count() == 0) return {};
  std::string names;
  for (std::size_t row = 0; row < rows.count(); ++row) {
    names += (row == 0 ? "" : ", ") + quoted_identifier(std::string(rows.text(row, 0)));
  }
  return Error{ErrorCode::place_unwritable,
               "the role " + state.user + " may not grant roles that others have made: " + names, false,
               "let a superuser run errand database init", 0};
}

/// Who may create roles may look as errand_owner; a submitter may see the steps, and nobody else anything.
Result<void> read_own_tables(Connection& connection, bool has_pool, SetupState& state) {
  if (state.may_create && !state.is_superuser)
    TRY_VOID(connection.run_script("grant errand_owner to current_user; set local role errand_owner"));
  TRY(Rows steps, connection.run("select coalesce(max(number), 0)::bigint from errand.migration"));
  state.schema_step = static_cast<int>(steps.number(0, 0));
  if (!has_pool || !state.may_create) return {};
  TRY(Rows pool, connection.run("select name::text from errand.worker order by name"));
  for (std::size_t row = 0; row < pool.count(); ++row) state.pool.emplace_back(pool.text(row, 0));
  return {};
}

Result<SetupState> read_all(Connection& connection, const std::vector<std::string>& users) {
  SetupState state;
  TRY_VOID(read_session(connection, state));
  TRY_VOID(check_grants(connection, users, state));
  TRY_VOID(read_roles(connection, state));
  TRY_VOID(read_users(connection, users, state));
  TRY(Rows schema, connection.run(about_schema));
  state.has_schema = schema.count() == 1;
  if (!state.has_schema) return state;
  state.schema_is_ours = schema.truth(0, 0);
  if (state.schema_is_ours) TRY_VOID(read_own_tables(connection, schema.truth(0, 1), state));
  return state;
}

}  // namespace

const SetupState::Role* SetupState::role(const std::string& name) const {
  auto found = std::find_if(roles.begin(), roles.end(), [&](const Role& role) { return role.name == name; });
  return found == roles.end() ? nullptr : &*found;
}

Result<SetupState> read_setup_state(Connection& connection, const std::vector<std::string>& users) {
  TRY_VOID(connection.run_script("begin"));
  Result<SetupState> state = read_all(connection, users);
  Result<void> left = connection.run_script("rollback");
  if (state && !left) return std::move(left).error();
  return state;
}

}  // namespace errand::database
