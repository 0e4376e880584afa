// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string_view>

#include "errand/error.h"

namespace errand::cli {

/// Standard output with a memory for failures: nothing may be removed before close() said yes.
class OutputStream {
 public:
  explicit OutputStream(std::FILE* file) : file_(file) {}
  OutputStream(const OutputStream&) = delete;
  OutputStream& operator=(const OutputStream&) = delete;

  /// Nothing happens after a failure.
  void write(std::string_view text);
  void flush();
  [[nodiscard]] bool broken() const noexcept { return os_error_ != 0; }

  /// Flushes and closes; may be called again. Errors: system (os_error EPIPE: nobody reads any more),
  /// no_space.
  Result<void> close();

 private:
  void remember_failure();

  std::FILE* file_;  ///< nullptr once closed
  int os_error_ = 0;
};

}  // namespace errand::cli
