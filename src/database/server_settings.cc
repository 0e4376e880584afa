// SPDX-License-Identifier: Apache-2.0
#include "database/server_settings.h"

#include <fmt/format.h>

#include <string_view>

#include "system/try.h"

namespace errand::database {
namespace {

struct Wish {
  const char* name;
  std::string_view unwanted;
  bool endangers_jobs;
  const char* why;
  const char* hint;
};

constexpr Wish wishes[] = {
    {"fsync", "off", true, "a crash of the host may destroy the database", "alter system set fsync = on"},
    {"full_page_writes", "off", true, "a crash of the host may destroy the database",
     "alter system set full_page_writes = on"},
    {"synchronous_commit", "off", false,
     "a crash of the server may lose what tasks write themselves (errand's own sessions set it on)",
     "set it on for this role: alter role ... set synchronous_commit = on"},
    {"autovacuum", "off", true, "what removed jobs took is never used again",
     "alter system set autovacuum = on"},
    {"client_connection_check_interval", "0", false,
     "a launchpad that is killed during a long statement counts as alive until that ends",
     "alter system set client_connection_check_interval = '1s'"},
    {"password_encryption", "md5", false, "passwords are kept in a form that no longer is safe",
     "alter system set password_encryption = 'scram-sha-256', and set the passwords again"},
};

/// Not 0, in milliseconds: it cuts what takes long.
constexpr const char* cutters[] = {"statement_timeout", "idle_session_timeout",
                                   "idle_in_transaction_session_timeout"};

constexpr std::string_view setting = "select coalesce(current_setting($1, true), '')";
constexpr std::string_view is_plain_network =
    "select inet_server_addr() is not null and not inet_server_addr() <<= '127.0.0.0/8' "
    "and inet_server_addr() <> '::1' and not exists (select from pg_stat_ssl where pid = pg_backend_pid() "
    "and ssl)";

Result<std::string> value_of(Connection& connection, const char* name) {
  Parameters parameters;
  parameters.text(name);
  TRY(Rows rows, connection.run(setting, parameters));
  return std::string(rows.text(0, 0));
}

}  // namespace

Result<std::vector<SettingRemark>> remarks_on_settings(Connection& connection) {
  std::vector<SettingRemark> remarks;
  for (const Wish& wish : wishes) {
    TRY(const std::string value, value_of(connection, wish.name));
    if (value != wish.unwanted) continue;
    remarks.push_back(
        {wish.endangers_jobs, fmt::format("{} is {}: {}", wish.name, value, wish.why), wish.hint});
  }
  for (const char* cutter : cutters) {
    TRY(const std::string value, value_of(connection, cutter));
    if (value.empty() || value == "0") continue;
    remarks.push_back(
        {false,
         fmt::format("{} is {}: it cuts data sources and what tasks ask; errand's own sessions set it to 0",
                     cutter, value),
         fmt::format("alter role ... set {} = 0", cutter)});
  }
  TRY(Rows plain, connection.run(is_plain_network));
  if (plain.truth(0, 0))
    remarks.push_back({false, "this connection crosses a network and is not encrypted",
                       "switch ssl on at the server, and say sslmode=verify-full in the connection string"});
  return remarks;
}

}  // namespace errand::database
