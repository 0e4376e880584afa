// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/chunk_looks.h"

#include "engine/heartbeat.h"
#include "system/processes.h"

namespace errand::engine::scheduler {
namespace {

void add(share::JobDirectory& job, const share::WorkerKey& key, std::int64_t visibility_ns, ChunkLook& look) {
  static const system::ProcessId self = system::system_processes().self();
  auto progress = job.progress(key);
  if (progress) look.done += progress->succeeded + progress->failed;
  const bool alive = progress && is_alive(job, key, *progress, self);
  look.alive += alive ? 1 : 0;
  const bool here = progress && progress->process.same_world(self);
  if (!alive && !here && !look.may_have_more) look.may_have_more = may_have_more(job, key, visibility_ns);
}

}  // namespace

ChunkLooks look_at_chunks(share::JobDirectory& job, std::int64_t visibility_ns) {
  ChunkLooks looks;
  for (const share::WorkerKey& key : job.logs()) {
    ChunkLook& look = looks[key.chunk];
    if (key.worker == 0) continue;
    look.started = true;
    add(job, key, visibility_ns, look);
  }
  return looks;
}

}  // namespace errand::engine::scheduler
