// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "status/evidence.h"

namespace errand::engine::scheduler {

/// When this process last saw something of a job alive or waiting. A scheduler dates an end by its own clock,
/// and one that has forgotten a job does not date it at all; but what was alive when this process looked has
/// ended since. Thread-safe.
class Sightings {
 public:
  /// Notes what the report shows. One of a job that was alive less than `visibility_ns` ago says that it has
  /// ended lately, so that its last files are waited for. `now_ns`: monotonic.
  void take(const std::string& job, std::int64_t now_ns, std::int64_t visibility_ns,
            status::EngineReport& report);

 private:
  std::mutex mutex_;
  std::map<std::string, std::int64_t> alive_;  ///< by job
};

}  // namespace errand::engine::scheduler
