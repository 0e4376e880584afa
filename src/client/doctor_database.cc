// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "client/findings.h"
#include "database/access_rules.h"
#include "database/connection.h"
#include "database/schema_step.h"
#include "database/server_settings.h"
#include "database/statements.h"
#include "system/clock.h"
#include "system/try.h"

namespace errand::client {
namespace {

using database::Connection;
using database::Rows;

/// A job's age and its id come from the client's clock, the rest from the server's.
constexpr std::int64_t bearable_us = 2'000'000;

constexpr std::string_view about_user =
    "select current_user::text, coalesce((select rolsuper from pg_roles where rolname = current_user), "
    "false), "
    "exists (select from pg_roles where rolname = 'errand_user') and exists (select from pg_namespace "
    "where nspname = 'errand')";
constexpr std::string_view is_member = "select pg_has_role('errand_user', 'member')";
constexpr std::string_view schema_step = "select coalesce(max(number), 0)::bigint from errand.migration";
/// The pool is for the launchpad to read; how large it is everybody may know. A database that was renamed, or
/// restored under another name, has workers whose comment names the old one.
constexpr std::string_view count_workers =
    "select count(*)::bigint from pg_roles, (values ('errand: a worker of the database ')) as c (about) "
    "where rolname ~ '^errand_w[0-9]+$' and (shobj_description(oid, 'pg_authid') = about || "
    "current_database() or pg_relation_size('errand.worker') > 0 "
    "and starts_with(shobj_description(oid, 'pg_authid'), about))";
constexpr std::string_view space_taken =
    "select pg_size_pretty(pg_total_relation_size('errand.block') + "
    "pg_total_relation_size('errand.directory')), "
    "(select count(*)::bigint from errand.directory where owner = current_user and path like 'jobs/%')";
constexpr std::string_view server_moment = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";

/// Of several, how many are one's own.
std::string share_of(std::int64_t number) {
  if (number == 0) return "none of them is yours";
  return number == 1 ? "1 of them is yours" : fmt::format("{} of them are yours", number);
}

/// The one number that a statement answers.
Result<std::int64_t> number_of(Connection& connection, std::string_view statement) {
  TRY(Rows rows, connection.run(statement));
  if (rows.count() == 1) return rows.number(0, 0);
  return Error{ErrorCode::system, "the server gave no answer", false, "", 0};
}

void examine_server(Connection& connection, Findings& findings) {
  const int version = connection.server_version();
  findings.good("server", fmt::format("PostgreSQL {}.{} answers", version / 10000, version % 10000));
}

/// False: there is nothing further to look at.
bool examine_schema(Connection& connection, Findings& findings) {
  auto step = number_of(connection, schema_step);
  if (!step) {
    findings.wrong("schema", step.error());
    return false;
  }
  const int known = database::schema_steps().back().number;
  if (*step < known) {
    findings.wrong("schema",
                   fmt::format("the database was set up by an older errand: step {} of {}", *step, known),
                   "have its administrator run: errand database init");
  } else if (*step > known) {
    findings.wrong(
        "schema",
        fmt::format("the database was set up by a newer errand: step {}, this one knows {}", *step, known),
        "use an errand at least as new");
  } else {
    findings.good("schema", fmt::format("is there and up to date (step {})", known));
  }
  return *step >= known;
}

/// False: not a submitter of this database.
bool examine_user(Connection& connection, Findings& findings) {
  auto rows = connection.run(about_user);
  if (!rows) {
    findings.wrong("user", rows.error());
    return false;
  }
  const std::string user(rows->text(0, 0));
  if (!rows->truth(0, 2)) {
    findings.wrong("schema", "the database is no place for jobs yet",
                   "have its administrator run: errand database init");
    return false;
  }
  if (rows->truth(0, 1)) {
    findings.notable("user",
                     user + " is a superuser: sees everybody's jobs, and no worker is lent such rights",
                     "submit as a role of your own: errand database init --user ROLE");
    return true;
  }
  auto member = connection.run(is_member);
  if (member && member->truth(0, 0)) {
    findings.good("user", user + " may submit jobs");
    return true;
  }
  findings.wrong("user", user + " may not submit jobs: it is no member of errand_user",
                 "have the database's administrator run: errand database init --user " + user);
  return false;
}

void examine_launchpad(Connection& connection, Findings& findings) {
  auto live = connection.run(database::statements::live_launchpads);
  if (!live) return findings.wrong("launchpad", live.error());
  const std::int64_t all = live->number(0, 0);
  if (all == 0) {
    return findings.wrong("launchpad", "none is connected: jobs stay queued",
                          "on the database's host: errand launchpad, or systemctl start errand-launchpad");
  }
  const std::string there = all == 1 ? "1 is connected" : fmt::format("{} are connected", all);
  if (live->number(0, 1) + live->number(0, 2) == 0) {
    findings.wrong("launchpad", there + ", for other submitters alone: jobs stay queued",
                   "on the database's host: errand launchpad as root, or with --role as a user of your own");
  } else {
    findings.good("launchpad", there);
  }
}

/// Root's launchpad looks for workers when it starts: one that is connected has started without that look, or
/// before they were removed.
void tell_of_no_workers(Connection& connection, Findings& findings) {
  const std::string message =
      "there are none: a launchpad that root starts cannot run jobs here; one with --role runs tasks as its "
      "own user";
  const std::string hint = "errand database init --workers N makes them";
  auto live = connection.run(database::statements::live_launchpads);
  if (live && live->number(0, 1) > 0) return findings.wrong("workers", message, hint);
  findings.notable("workers", message, hint);
}

void examine_workers(Connection& connection, Findings& findings) {
  auto count = number_of(connection, count_workers);
  if (!count) return findings.wrong("workers", count.error());
  if (*count == 0) return tell_of_no_workers(connection, findings);
  const std::string there = *count == 1 ? "there is 1" : fmt::format("there are {}", *count);
  auto refused = connection.run(database::statements::why_not_lent);
  if (refused && !refused->text(0, 0).empty()) {
    findings.notable("workers",
                     fmt::format("{}, but tasks get no database rights: {}", there, refused->text(0, 0)));
  } else {
    findings.good("workers", there + ": tasks act as their submitter");
  }
  const database::AccessRules access = database::missing_access_rules(connection, "");
  if (access.known && !access.hba.empty()) {
    findings.wrong("workers", "pg_hba.conf does not name them as it should",
                   "errand database init prints the lines that it lacks");
  }
}

void examine_settings(Connection& connection, Findings& findings) {
  auto remarks = database::remarks_on_settings(connection);
  if (!remarks) return findings.wrong("settings", remarks.error());
  for (const database::SettingRemark& remark : *remarks) {
    if (remark.endangers_jobs) {
      findings.wrong("settings", remark.message, remark.hint);
    } else {
      findings.notable("settings", remark.message, remark.hint);
    }
  }
  if (remarks->empty()) findings.good("settings", "are as they should be");
}

/// A pooler that hands a session to somebody else after each transaction swallows notifications.
void examine_notifications(Connection& connection, Findings& findings) {
  Result<void> asked = connection.run_script("listen errand_doctor; notify errand_doctor");
  if (asked) asked = connection.run_script("select 1");
  auto heard = connection.notifications();
  (void)connection.run_script("unlisten errand_doctor");
  if (!asked) return findings.wrong("notifications", asked.error());
  if (heard && !heard->empty()) return findings.good("notifications", "arrive");
  findings.notable("notifications", "do not arrive: waiting looks up now and then instead",
                   "connect to the server itself, or through a pooler's session mode");
}

void examine_clock(Connection& connection, Findings& findings) {
  const std::int64_t before = system::system_clock().now_ns() / 1000;
  auto server = number_of(connection, server_moment);
  const std::int64_t after = system::system_clock().now_ns() / 1000;
  if (!server) return findings.wrong("clock", server.error());
  const std::int64_t ahead = *server - (before + after) / 2;
  const std::int64_t doubt = (after - before) / 2;
  if (std::abs(ahead) <= bearable_us + doubt)
    return findings.good("clock", "the server's and this machine's agree");
  findings.notable("clock",
                   fmt::format("the server's is {:.1f} s {} this machine's", std::abs(ahead) / 1e6,
                               ahead > 0 ? "ahead of" : "behind"),
                   "have both set by NTP: ages of jobs and --since are off by that");
}

void examine_space(Connection& connection, Findings& findings) {
  auto rows = connection.run(space_taken);
  if (!rows) return findings.wrong("space", rows.error());
  findings.good("space",
                fmt::format("everybody's jobs take {}; {}", rows->text(0, 0), share_of(rows->number(0, 1))));
}

}  // namespace

void examine_database(const std::string& place, Findings& findings) {
  auto target = database::target_of(place);
  if (!target) return findings.wrong("place", target.error());
  auto opened = Connection::open(*target);
  if (!opened) return findings.wrong("server", opened.error());
  Connection& connection = **opened;
  examine_server(connection, findings);
  if (!examine_user(connection, findings) || !examine_schema(connection, findings)) return;
  examine_launchpad(connection, findings);
  examine_workers(connection, findings);
  examine_settings(connection, findings);
  examine_notifications(connection, findings);
  examine_clock(connection, findings);
  examine_space(connection, findings);
}

}  // namespace errand::client
