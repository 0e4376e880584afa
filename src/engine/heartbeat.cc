// SPDX-License-Identifier: Apache-2.0
#include "engine/heartbeat.h"

#include <limits>

namespace errand::engine {
namespace {

/// A supervisor touches its worker's page that often.
constexpr std::int64_t touch_interval_ns = 10'000'000'000;
/// Three touches.
constexpr std::int64_t foreign_heartbeat_ns = 3 * touch_interval_ns;

/// By the file server's clock; of a file that is not there: for ever.
std::int64_t age_of(share::JobDirectory& job, const std::string& name) {
  auto info = job.place().files().info(job.path() + "/" + name);
  if (!info) return std::numeric_limits<std::int64_t>::max();
  return job.place().file_time_ns() - info->modified_ns;
}

}  // namespace

bool is_alive(share::JobDirectory& job, const share::WorkerKey& key, const share::WorkerProgress& progress,
              const system::ProcessId& self) {
  if (progress.closed) return false;
  if (progress.process.same_world(self)) return system::system_processes().is_alive(progress.process);
  if (progress.process.host == self.host) return false;
  return age_of(job, share::progress_name(key)) < foreign_heartbeat_ns;
}

bool may_have_more(share::JobDirectory& job, const share::WorkerKey& key, std::int64_t visibility_ns) {
  if (visibility_ns == 0) return false;
  const std::int64_t lately = visibility_ns + touch_interval_ns;
  return age_of(job, share::progress_name(key)) < lately || age_of(job, share::log_name(key)) < lately;
}

}  // namespace errand::engine
