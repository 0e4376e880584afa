// SPDX-License-Identifier: Apache-2.0
#include "launchpad/lease.h"

#include <random>

#include "database/session.h"
#include "database/statements.h"
#include "system/try.h"
#include "system/user_name.h"

namespace errand::launchpad {
namespace {

using database::Parameters;
using database::Rows;

constexpr std::string_view launchpad_role = "errand_launchpad";
constexpr std::int64_t format_major = 1;
/// Numbers that others hold, by chance or to be in the way.
constexpr int most_draws = 1000;

constexpr const char* hear_of_submissions = "listen errand_submit";
/// A dead launchpad's session is noticed in the middle of a statement, too. Servers before 14 cannot.
constexpr const char* check_for_us = "set client_connection_check_interval = '1s'";

Result<void> check_place(database::Connection& connection) {
  TRY(std::string user, connection.current_user());
  if (user != launchpad_role) {
    return Error{ErrorCode::engine_refused,
                 "connected as " + user + ", not as " + std::string(launchpad_role), false,
                 "name that role in the URI: postgresql://errand_launchpad@...", 0};
  }
  TRY(Rows rows, connection.run("select max(major)::bigint from errand.installation"));
  if (rows.is_null(0, 0)) {
    return Error{ErrorCode::not_found, "the database has no place for jobs", false,
                 "errand database init URI", 0};
  }
  const std::int64_t major = rows.number(0, 0);
  if (major <= format_major) return {};
  return Error{ErrorCode::version_mismatch,
               "the place in the database has format " + std::to_string(major) + ", this errand knows " +
                   std::to_string(format_major),
               false, "use a newer errand", 0};
}

Result<std::int64_t> take_lease(database::Connection& connection) {
  std::random_device random;
  std::uniform_int_distribution<std::int64_t> draw(1, (std::int64_t{1} << 31) - 1);
  for (int i = 0; i < most_draws; ++i) {
    const std::int64_t lease = draw(random);
    TRY(Rows rows,
        connection.run("select pg_try_advisory_lock(25970, $1::bigint::int)", Parameters().number(lease)));
    if (rows.truth(0, 0)) return lease;
  }
  return Error{ErrorCode::engine_unavailable, "no lease can be had: somebody holds them all", true, "", 0};
}

/// Whoever starts it for the first time has not told the server that he may be that role.
Error explained(Error error) {
  const bool is_refusal = error.message.find("authentication failed") != std::string::npos ||
                          error.message.find("no password supplied") != std::string::npos;
  if (!is_refusal) return error;
  const std::string role(launchpad_role);
  const std::string user = system::user_name();
  error.hint = "give the role " + role +
               " a password and put it into ~/.pgpass; or, on the server's host, let the user " + user +
               " be that role by a line of pg_ident.conf: " + role + " " + user + " " + role;
  return error;
}

}  // namespace

Result<LeasedSession> open_session(const database::Target& target, const std::string& role) {
  LeasedSession session;
  auto opened = database::open_connection(target);
  if (!opened) return explained(std::move(opened).error());
  session.connection = *std::move(opened);
  TRY_VOID(check_place(*session.connection));
  TRY_VOID(session.connection->run_script(hear_of_submissions));
  (void)session.connection->run_script(check_for_us);
  // A hint to those who are not served: if somebody is in the way of the lock, they are told less.
  if (!role.empty())
    (void)session.connection->run(database::statements::serve_one_role, Parameters().text(role));
  TRY(session.lease, take_lease(*session.connection));
  return session;
}

Result<void> check_role(LeasedSession& session, const std::string& role) {
  TRY(Rows rows, session.connection->run("select coalesce(errand.refusal_to_lend($1::name), '')",
                                         Parameters().text(role)));
  if (rows.text(0, 0).empty()) return {};
  return Error{ErrorCode::engine_refused,
               "jobs of the role " + role + " cannot be run: " + std::string(rows.text(0, 0)), false,
               "name another submitter with --role; errand database init --user ROLE makes a role one", 0};
}

Result<std::set<std::string>> read_pool(LeasedSession& session) {
  TRY(Rows rows, session.connection->run("select name::text from errand.worker"));
  std::set<std::string> pool;
  for (std::size_t row = 0; row < rows.count(); ++row) pool.emplace(rows.text(row, 0));
  return pool;
}

Result<void> adopt(LeasedSession& session, std::int64_t earlier) {
  auto adopted = session.connection->run("update errand.directory set lease = $1 where lease = $2",
                                         Parameters().number(session.lease).number(earlier));
  return adopted ? Result<void>() : Result<void>(std::move(adopted).error());
}

Result<void> let_go(LeasedSession& session) {
  auto gone = session.connection->run(
      "with gone as (update errand.directory set lease = null where lease = $1 returning path) "
      "select pg_notify('errand_submit', substr(path, 6)) from gone",
      Parameters().number(session.lease));
  return gone ? Result<void>() : Result<void>(std::move(gone).error());
}

}  // namespace errand::launchpad
