// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "errand/error.h"

namespace errand::cli {

/// The library speaks of its calls; people at the command line know verbs and options. Replaces the
/// calls' names in a sentence ("retry_job runs ..." becomes "errand retry runs ...").
[[nodiscard]] std::string in_command_words(std::string_view sentence);
[[nodiscard]] Error in_command_words(Error error);

}  // namespace errand::cli
