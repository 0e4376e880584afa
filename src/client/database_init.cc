// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "database/access_rules.h"
#include "database/connection.h"
#include "database/schema_step.h"
#include "database/setup_plan.h"
#include "database/setup_state.h"
#include "errand/database.h"
#include "system/try.h"

namespace errand {
namespace {

/// Whoever sets up the database meanwhile is waited for, but not for ever: anybody may take that lock.
constexpr const char* take_turns =
    "set lock_timeout = '60s'; set client_min_messages = warning; select pg_advisory_lock(25970, 0)";
constexpr const char* nameless = "errand";  // a database of which nothing is known

Result<void> run_actions(database::Connection& connection,
                         const std::vector<database::SetupAction>& actions) {
  for (const database::SetupAction& action : actions) {
    Result<void> run = connection.run_script(action.sql);
    if (run) continue;
    if (!connection.is_lost()) (void)connection.run_script("rollback");
    Error error = std::move(run).error();
    error.message =
        "setting up the database stopped before this was so: " + action.done + ": " + error.message;
    return error;
  }
  return {};
}

DatabaseSetupReport report_of(const database::SetupState& state, const database::AccessRules& access,
                              const std::vector<database::SetupAction>& actions) {
  DatabaseSetupReport report;
  report.schema_before = state.schema_step;
  report.schema = database::schema_steps().back().number;
  report.hba = access.hba;
  report.ident = access.ident;
  report.access_is_known = access.known;
  for (const database::SetupAction& action : actions) {
    report.done.push_back(action.done);
    report.sql += "-- Afterwards: " + action.done + ".\n" + action.sql;
  }
  return report;
}

/// Plans for the database as it is, and acts on the plan if `act`.
Result<DatabaseSetupReport> set_up(const DatabaseSetup& setup, bool act) {
  TRY(const database::Target target, database::parse_connection_string(setup.connection));
  TRY(auto connection, database::Connection::open(target));
  if (act) TRY_VOID(connection->run_script(take_turns));
  TRY(const database::SetupState state, database::read_setup_state(*connection, setup.users));
  TRY(const auto actions, database::plan_setup(state, setup));
  if (act) TRY_VOID(run_actions(*connection, actions));
  DatabaseSetupReport report =
      report_of(state, database::missing_access_rules(*connection, state.database), actions);
  report.database = target.place();
  return report;
}

/// As if the users were there and nothing else.
database::SetupState blank_state(const DatabaseSetup& setup) {
  database::SetupState state;
  state.database = nameless;
  state.may_create = true;  // and perhaps no superuser: the SQL is for both
  for (const std::string& name : setup.users) state.users.push_back({name, true, false, false, false});
  return state;
}

}  // namespace

Result<DatabaseSetupReport> init_database(const DatabaseSetup& setup) {
  if (setup.connection.empty()) {
    return Error{ErrorCode::invalid_argument, "no database was named", false,
                 "name it: errand database init postgresql://postgres@/errand?host=/var/run/postgresql", 0};
  }
  return set_up(setup, true);
}

Result<DatabaseSetupReport> preview_database(const DatabaseSetup& setup) {
  if (!setup.connection.empty()) return set_up(setup, false);
  const database::SetupState state = blank_state(setup);
  TRY(const auto actions, database::plan_setup(state, setup));
  return report_of(state, database::all_access_rules(state.database), actions);
}

}  // namespace errand
