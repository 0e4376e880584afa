// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace errand::database {

/// One step of the schema's history: a file of src/database/schema/, run in one transaction. What was
/// released is never changed; what is new comes as the next number.
struct SchemaStep {
  int number = 0;
  std::string name;  ///< the file's name without .sql
  std::string sql;
};

/// All that this errand knows, ascending, from 1 without a gap. Their home is the build:
/// cmake/database_schema.cmake.
[[nodiscard]] const std::vector<SchemaStep>& schema_steps();

}  // namespace errand::database
