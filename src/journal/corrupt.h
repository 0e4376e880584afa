// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "errand/error.h"

namespace errand::journal {

/// Bytes on disk that are not what they should be. The message names the file, where it is known, and
/// the offset.
[[nodiscard]] inline Error corrupt(std::string message) {
  return {ErrorCode::corrupt, std::move(message), /*transient=*/false, /*hint=*/{}, /*os_error=*/0};
}

}  // namespace errand::journal
