// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace errand::cli {

/// While one exists, the first Ctrl-C ends a wait politely; the second ends the process.
/// One at a time.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  [[nodiscard]] static bool requested() noexcept;

 private:
  struct sigaction before_ {};
};

}  // namespace errand::cli
