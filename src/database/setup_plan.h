// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "database/setup_state.h"
#include "errand/database.h"

namespace errand::database {

/// One transaction of setting a database up.
struct SetupAction {
  std::string done;  ///< what was done by it, a sentence for people
  std::string sql;   ///< from begin to commit
};

/// What has to be done in a database of that state; pure. Errors: see errand::init_database.
[[nodiscard]] Result<std::vector<SetupAction>> plan_setup(const SetupState& state,
                                                          const DatabaseSetup& setup);

/// A name as an SQL identifier.
[[nodiscard]] std::string quoted_identifier(const std::string& name);
/// A text as an SQL literal.
[[nodiscard]] std::string quoted_literal(const std::string& text);

}  // namespace errand::database
