// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "database/connection.h"

namespace errand::database {

/// What the server's pg_hba.conf and pg_ident.conf lack for a launchpad with workers.
struct AccessRules {
  bool known = false;            ///< they could be read; else hba and ident are all that may be needed
  std::vector<std::string> hba;  ///< to stand before all other lines
  std::vector<std::string> ident;
};

/// All lines, for a server of which nothing is known.
[[nodiscard]] AccessRules all_access_rules(const std::string& database);

/// Only superusers, and whom they let, may read them; for others `known` is false.
[[nodiscard]] AccessRules missing_access_rules(Connection& connection, const std::string& database);

}  // namespace errand::database
