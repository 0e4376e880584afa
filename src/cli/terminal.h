// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "errand/job_status.h"

namespace errand::cli {

enum class ColorMode : std::uint8_t { automatic, always, never };

/// What one of the standard streams is.
struct Terminal {
  bool interactive = false;  ///< a person looks at it
  std::size_t width = 0;     ///< columns; 0: no limit (files and pipes)
  bool color = false;
};

/// Looks at the descriptor; $NO_COLOR and TERM=dumb switch automatic colour off, $COLUMNS wins over
/// what the terminal says.
[[nodiscard]] Terminal terminal_of(int descriptor, ColorMode mode);

enum class Paint : std::uint8_t { plain, strong, faint, red, green, yellow, blue, magenta };

[[nodiscard]] std::string painted(std::string_view text, Paint paint, bool color);

/// The colour of a status word.
[[nodiscard]] Paint paint_of(JobStatus status) noexcept;

}  // namespace errand::cli
