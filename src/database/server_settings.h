// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "database/connection.h"

namespace errand::database {

/// A setting that is not as a place wants it.
struct SettingRemark {
  bool endangers_jobs = false;  ///< acknowledged submissions or results may be lost, or the disk filled
  std::string message;
  std::string hint;
};

/// Looks at the settings in force for this session, as far as its role may see them.
[[nodiscard]] Result<std::vector<SettingRemark>> remarks_on_settings(Connection& connection);

}  // namespace errand::database
