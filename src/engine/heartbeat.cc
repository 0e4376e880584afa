// SPDX-License-Identifier: Apache-2.0
#include "engine/heartbeat.h"

namespace errand::engine {
namespace {

/// Three heartbeats of a supervisor, with room for a busy machine.
constexpr std::int64_t foreign_heartbeat_ns = 30'000'000'000;

}  // namespace

bool is_alive(share::JobDirectory& job, const share::WorkerKey& key, const share::WorkerProgress& progress,
              const system::ProcessId& self) {
  if (progress.closed) return false;
  if (progress.process.same_world(self)) return system::system_processes().is_alive(progress.process);
  if (progress.process.host == self.host) return false;
  auto info = job.place().files().info(job.path() + "/" + share::progress_name(key));
  return info && job.place().clock().now_ns() - info->modified_ns < foreign_heartbeat_ns;
}

}  // namespace errand::engine
