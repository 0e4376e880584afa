// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "errand/error.h"

namespace errand::launchpad {

/// A failure as the log says it: with what to do about it.
[[nodiscard]] std::string words_of(const Error& error);

/// What keeps failing is tried every second or oftener, and said once a minute.
class Complaints {
 public:
  /// Whether a failure is to be said now: it is the subject's first, of another kind than the last one said,
  /// or that was long ago.
  [[nodiscard]] bool is_due(const std::string& subject, const Error& error, std::int64_t now_ns);
  /// True if the subject had failed: it has not now.
  bool end(const std::string& subject) { return said_.erase(subject) > 0; }

 private:
  struct Said {
    ErrorCode code = ErrorCode::system;
    std::int64_t when_ns = 0;
  };
  std::map<std::string, Said> said_;
};

}  // namespace errand::launchpad
