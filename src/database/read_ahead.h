// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "database/connection.h"

namespace errand::database {

/// What a listing brings along of a job's small files: whoever lists a job mostly reads them next. Good for a
/// moment, and for one reading of each. After any further question of this session it is good for nothing:
/// what is read behind an answer must not be older than the answer. Thread-safe.
class ReadAhead {
 public:
  struct Content {
    std::string bytes;
    std::int64_t modified_us = 0;
  };

  /// From rows of statements::list_blocks. `asked`: the session's count of questions with this one.
  void keep(const std::string& directory, const Rows& blocks, std::uint64_t asked);
  /// The whole file as it was at the listing; nothing if that is too long ago or did not bring it.
  std::optional<Content> take(const std::string& directory, const std::string& file, std::uint64_t asked);

 private:
  std::mutex mutex_;
  std::string directory_;
  std::map<std::string, Content> files_;
  std::uint64_t asked_ = 0;
  std::chrono::steady_clock::time_point kept_;
};

}  // namespace errand::database
