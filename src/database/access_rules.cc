// SPDX-License-Identifier: Apache-2.0
#include "database/access_rules.h"

#include <fmt/format.h>

namespace errand::database {
namespace {

/// From here on the server shows pg_ident.conf, too.
constexpr int version_with_ident_view = 150000;

/// $1 the kind of connection, $2 the role, $3 the method: a rule that names the role and comes before any
/// that would fit it otherwise.
constexpr std::string_view has_rule =
    "select exists (select from pg_hba_file_rules r where r.error is null and $2 = any(r.user_name) "
    "and case when $1 = 'local' then r.type = 'local' else r.type in ('host', 'hostssl') end "
    "and r.auth_method = $3 and not exists (select from pg_hba_file_rules b where b.error is null "
    "and b.line_number < r.line_number and 'all' = any(b.user_name) "
    "and case when $1 = 'local' then b.type = 'local' else b.type <> 'local' end))";
constexpr std::string_view has_mapping =
    "select exists (select from pg_ident_file_mappings where error is null and pg_username = $1)";

struct Rule {
  const char* type;
  const char* role;
  const char* method;
};

constexpr Rule rules[] = {{"local", "errand_launchpad", "peer"},
                          {"local", "+errand_worker", "peer"},
                          {"host", "+errand_worker", "reject"}};

std::string hba_line(const Rule& rule, const std::string& database) {
  const std::string_view role(rule.role);
  if (std::string_view(rule.type) == "host") return fmt::format("host   all  {}  all  {}", role, rule.method);
  const std::string map(role.substr(role[0] == '+' ? 1 : 0));
  return fmt::format("local  \"{}\"  {}  {} map={}", database, role, rule.method, map);
}

constexpr const char* launchpad_mapping = "errand_launchpad  errand-lp  errand_launchpad";
constexpr const char* worker_mapping = "errand_worker  /^errand-(w[0-9]+)$  errand_\\1";

/// True if the statement could be run and says so; an answer that cannot be had is no.
bool says_yes(Connection& connection, std::string_view statement, std::initializer_list<const char*> texts) {
  Parameters parameters;
  for (const char* text : texts) parameters.text(text);
  Result<Rows> rows = connection.run(statement, parameters);
  return rows && rows->count() == 1 && rows->truth(0, 0);
}

bool can_be_read(Connection& connection) {
  Result<Rows> rows = connection.run(
      "select has_table_privilege('pg_catalog.pg_hba_file_rules', 'select') "
      "and has_function_privilege('pg_catalog.pg_hba_file_rules()', 'execute')");
  return rows && rows->truth(0, 0);
}

}  // namespace

AccessRules all_access_rules(const std::string& database) {
  AccessRules access;
  for (const Rule& rule : rules) access.hba.push_back(hba_line(rule, database));
  access.ident = {launchpad_mapping, worker_mapping};
  return access;
}

AccessRules missing_access_rules(Connection& connection, const std::string& database) {
  if (!can_be_read(connection)) return all_access_rules(database);
  AccessRules access;
  access.known = true;
  for (const Rule& rule : rules) {
    if (!says_yes(connection, has_rule, {rule.type, rule.role, rule.method}))
      access.hba.push_back(hba_line(rule, database));
  }
  const bool shown = connection.server_version() >= version_with_ident_view;
  if (!access.hba.empty() || (shown && !says_yes(connection, has_mapping, {"errand_launchpad"})))
    access.ident.emplace_back(launchpad_mapping);
  if (!access.hba.empty() || (shown && !says_yes(connection, has_mapping, {"errand_\\1"})))
    access.ident.emplace_back(worker_mapping);
  return access;
}

}  // namespace errand::database
