// SPDX-License-Identifier: Apache-2.0
#include "database/setup_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "database/schema_step.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr int most_workers = 999;
constexpr int oldest_server = 130000;
/// From here on a membership says by itself what its member inherits.
constexpr int version_with_membership_options = 160000;

constexpr std::string_view worker_comment = "errand: a worker of the database ";
constexpr std::string_view as_owner = "set local role errand_owner;\n";

/// Who is no superuser is errand_owner and errand_lender for the time of a transaction.
std::string opening(const SetupState& state) {
  return state.is_superuser ? "begin;\n" : "begin;\ngrant errand_owner, errand_lender to current_user;\n";
}

std::string closing(const SetupState& state) {
  return state.is_superuser ? "commit;\n"
                            : "revoke errand_owner, errand_lender from current_user;\ncommit;\n";
}

std::string worker_name(int number) {
  return fmt::format("errand_w{}", number);
}

Error no_right(const SetupState& state) {
  return {ErrorCode::place_unwritable,
          fmt::format("the role {} may not set up the database {}", state.user, state.database), false,
          fmt::format(
              "connect as a superuser, or as a role with the attribute createrole and the right create on "
              "the database: alter role {0} createrole; grant create on database {1} to {0}",
              quoted_identifier(state.user), quoted_identifier(state.database)),
          0};
}

Result<void> check_server(const SetupState& state) {
  if (state.server_version >= oldest_server) return {};
  return Error{ErrorCode::not_supported,
               fmt::format("the server is PostgreSQL {}; errand needs {} or later",
                           state.server_version / 10000, oldest_server / 10000),
               false, "", 0};
}

Result<void> check_schema(const SetupState& state) {
  const int known = schema_steps().back().number;
  if (state.has_schema && !state.schema_is_ours) {
    return Error{
        ErrorCode::exists,
        fmt::format("the database {} has a schema named errand that errand did not make", state.database),
        false, "take another database, or rename that schema: alter schema errand rename to ...", 0};
  }
  if (state.schema_step <= known) return {};
  return Error{
      ErrorCode::version_mismatch,
      fmt::format("the database {} was set up by a newer errand: its schema has step {}, this errand knows "
                  "{}",
                  state.database, state.schema_step, known),
      false, "use an errand at least as new; nothing was changed", 0};
}

Result<void> check_roles(const SetupState& state) {
  for (const char* name :
       {"errand_owner", "errand_lender", "errand_user", "errand_worker", "errand_launchpad"}) {
    const SetupState::Role* role = state.role(name);
    if (role == nullptr || role->is_ours) continue;
    return Error{
        ErrorCode::exists, fmt::format("this server has a role {} that errand did not make", name), false,
        fmt::format("rename it (alter role {0} rename to ...), or let errand have it: comment on role {0} is "
                    "'errand: taken over'",
                    name),
        0};
  }
  return {};
}

/// The first step makes the roles, and itself a member.
std::string migration_sql(const SetupState& state, const SchemaStep& step) {
  std::string sql = step.number > 1 ? opening(state) : "begin;\n";
  sql += step.sql;
  sql += as_owner;
  sql += fmt::format("insert into errand.migration (number, name) values ({}, {});\nreset role;\n",
                     step.number, quoted_literal(step.name));
  return sql + closing(state);
}

void add_migrations(const SetupState& state, std::vector<SetupAction>& actions) {
  for (const SchemaStep& step : schema_steps()) {
    if (step.number <= state.schema_step) continue;
    actions.push_back({fmt::format("the schema has step {}", step.name), migration_sql(state, step)});
  }
}

Result<void> check_worker(const SetupState& state, const std::string& name, const SetupState::Role& role) {
  if (!role.is_ours) {
    return Error{ErrorCode::exists, fmt::format("this server has a role {} that errand did not make", name),
                 false, fmt::format("rename it: alter role {} rename to ...", name), 0};
  }
  if (role.about == std::string(worker_comment) + state.database) return {};
  return Error{
      ErrorCode::exists,
      fmt::format("{} works for another database of this server ({})", name, role.about.substr(8)), false,
      "a worker's identity serves one launchpad: set this database up without --workers, or run the other's "
      "database init anew after dropping its schema and roles",
      0};
}

/// Its password, should a task set one, is never valid. Which database it works for is known to the server
/// alone.
std::string new_worker_sql(const std::string& name) {
  return fmt::format(
      "create role {0} login noinherit password null valid until '-infinity' in role errand_worker;\n"
      "do $$ begin execute format('comment on role {0} is %L', '{1}' || current_database()); end $$;\n"
      "grant {0} to errand_lender with admin option;\n",
      name, worker_comment);
}

std::string registration_sql(const std::string& name) {
  return fmt::format("{}insert into errand.worker (name) values ('{}');\nreset role;\n", as_owner, name);
}

Result<void> add_workers(const SetupState& state, int workers, std::vector<SetupAction>& actions) {
  for (int number = 1; number <= workers; ++number) {
    const std::string name = worker_name(number);
    const bool registered = std::find(state.pool.begin(), state.pool.end(), name) != state.pool.end();
    const SetupState::Role* role = state.role(name);
    if (registered && role != nullptr) continue;
    if (role != nullptr) TRY_VOID(check_worker(state, name, *role));
    actions.push_back({fmt::format("the worker {} is in the pool", name),
                       opening(state) + (role == nullptr ? new_worker_sql(name) : "") +
                           (registered ? "" : registration_sql(name)) + closing(state)});
  }
  return {};
}

/// A worker's task may have set something for its role, and lend() refuses it from then on.
void add_resets(const SetupState& state, std::vector<SetupAction>& actions) {
  for (const std::string& name : state.pool) {
    const SetupState::Role* role = state.role(name);
    if (role == nullptr || !role->has_settings) continue;
    actions.push_back(
        {fmt::format("settings that a task left behind for {} are gone", name),
         fmt::format("begin;\nalter role {0} reset all;\nalter role {0} in database {1} reset all;\n"
                     "commit;\n",
                     name, quoted_identifier(state.database))});
  }
}

Result<void> check_user(const SetupState::User& user) {
  if (!user.exists) {
    return Error{
        ErrorCode::invalid_argument, fmt::format("there is no role {}", user.name), false,
        fmt::format("make it first: create role {} login password '...'", quoted_identifier(user.name)), 0};
  }
  if (!user.is_powerful) return {};
  return Error{
      ErrorCode::invalid_argument,
      fmt::format("the role {} is a superuser or may create roles or databases: it may not be a submitter, "
                  "because tasks run with the submitter's rights",
                  user.name),
      false, "make a role without such attributes for submitting jobs", 0};
}

Result<void> add_users(const SetupState& state, std::vector<SetupAction>& actions) {
  for (const SetupState::User& user : state.users) {
    TRY_VOID(check_user(user));
    if (user.may_submit && user.may_be_lent) continue;
    const bool options = state.server_version >= version_with_membership_options;
    actions.push_back(
        {fmt::format("{} may submit jobs", user.name),
         fmt::format("begin;\ngrant errand_user to {0};\ngrant {0} to errand_lender with {1};\ncommit;\n",
                     quoted_identifier(user.name),
                     options ? "admin true, inherit false, set false" : "admin option")});
  }
  return {};
}

}  // namespace

std::string quoted_identifier(const std::string& name) {
  std::string quoted = "\"";
  for (char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

std::string quoted_literal(const std::string& text) {
  std::string quoted = text.find('\\') == std::string::npos ? "'" : "E'";
  for (char c : text) quoted.append(c == '\'' || c == '\\' ? 2 : 1, c);
  return quoted + "'";
}

Result<std::vector<SetupAction>> plan_setup(const SetupState& state, const DatabaseSetup& setup) {
  if (setup.workers < 0 || setup.workers > most_workers) {
    return Error{ErrorCode::invalid_argument, fmt::format("a pool has 0 to {} workers", most_workers), false,
                 "", 0};
  }
  TRY_VOID(check_server(state));
  TRY_VOID(check_schema(state));
  TRY_VOID(check_roles(state));
  std::vector<SetupAction> actions;
  add_migrations(state, actions);
  add_resets(state, actions);
  TRY_VOID(add_workers(state, setup.workers, actions));
  TRY_VOID(add_users(state, actions));
  if (!actions.empty() && !state.may_create) return no_right(state);
  return actions;
}

}  // namespace errand::database
