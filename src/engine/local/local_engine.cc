// SPDX-License-Identifier: Apache-2.0
#include "engine/local/local_engine.h"

#include "engine/heartbeat.h"
#include "engine/local/agent_process.h"
#include "engine/local/world.h"
#include "share/names.h"
#include "system/processes.h"
#include "system/try.h"

namespace errand::engine::local {
namespace {

struct Workers {
  std::uint64_t alive = 0;
  bool started = false;
  bool failed = false;
};

Workers look_at_workers(share::JobDirectory& job, const system::ProcessId& self) {
  Workers workers;
  for (const share::JobFileName& name : job.names()) {
    if (name.kind == share::JobFileName::Kind::log && name.worker != 0) workers.started = true;
    if (name.kind != share::JobFileName::Kind::progress) continue;
    workers.started = true;
    share::WorkerKey key{name.chunk, name.generation, name.worker};
    auto progress = job.progress(key);
    if (!progress) continue;
    workers.failed = workers.failed || progress->failed > 0;
    workers.alive += is_alive(job, key, *progress, self) ? 1 : 0;
  }
  return workers;
}

class LocalEngine final : public Engine {
 public:
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  Result<void> prepare(share::Place&, const ComputeContext&) override {
    auto command = find_agent_command();
    if (!command) return std::move(command).error();
    return {};
  }

  Result<SubmissionPreview> preview(const std::string& share_dir, const share::Manifest& manifest,
                                    std::uint64_t tasks) override {
    if (auto command = find_agent_command(); !command) return std::move(command).error();
    const int cores = manifest.context.sequential ? 1 : manifest.context.cores;
    SubmissionPreview preview;
    preview.summary = "The agent of " + share_dir + " would run " + std::to_string(tasks) +
                      (tasks == 1 ? " task on this machine, " : " tasks on this machine, ") +
                      (cores > 0 ? std::to_string(cores) + " at a time." : "one on each core at a time.");
    return preview;
  }

  Result<void> submit(share::Place& place, const std::string& id) override {
    // A fresh job was marked active before it was published; one that is retried had been settled.
    if (!place.files().info(share::active_path(id))) TRY_VOID(place.ring(id));
    return ensure_agent(place);
  }

  std::vector<status::EngineReport> query(share::Place& place,
                                          std::span<share::JobDirectory* const> jobs) override {
    bool up = agent_is_up(place);
    bool needed = false;
    std::vector<status::EngineReport> reports;
    for (share::JobDirectory* job : jobs) {
      reports.push_back(report(*job, up));
      if (reports.back().waiting == 0) continue;
      needed = true;
      if (reports.back().alive == 0) bring_back(place, *job, up);
    }
    if (needed && !up) (void)ensure_agent(place);
    return reports;
  }

  bool empty_trash(share::Place& place) override {
    return agent_is_up(place) && ask_agent_to_sweep(place).ok();
  }

  Result<std::string> attend(share::Place& place, share::JobDirectory& job) override {
    auto manifest = job.manifest();
    TRY_VOID(place.ring(job.id()));
    if (manifest && !is_ours(**manifest, system::system_processes().self())) {
      return "the job belongs to " + (*manifest)->submitter.host +
             "; its agent there carries the request out";
    }
    TRY_VOID(ensure_agent(place));
    return std::string();
  }

 private:
  /// An unsettled job without its mark would be overlooked by every agent: it had been settled, and its
  /// seal or its outcomes were lost since.
  static void bring_back(share::Place& place, share::JobDirectory& job, bool agent_up) {
    auto mark = place.files().info(share::active_path(job.id()));
    if (!mark && mark.error().code != ErrorCode::not_found) return;
    // A live agent may have found the job unreadable and let go of it: it looks again when it is asked.
    if (mark && !agent_up) return;
    (void)place.ring(job.id());
    if (!place.files().info(job.path())) place.clear_active(job.id());  // removed meanwhile
  }

  static status::EngineReport report(share::JobDirectory& job, bool agent_up) {
    status::EngineReport answer;
    const system::ProcessId self = system::system_processes().self();
    Workers workers = look_at_workers(job, self);
    answer.alive = workers.alive;
    answer.started = workers.started;
    auto manifest = job.manifest();
    if (!manifest) return answer;
    bool stopped = workers.failed && !(*manifest)->continue_on_failure;
    if (is_ours(**manifest, self)) {
      answer.waiting = stopped ? 0 : 1;
      answer.reason = agent_up ? "waiting for a free core" : "its agent is being started";
    } else if (workers.alive == 0) {
      answer.silent = true;
      answer.reason =
          "it belongs to " + (*manifest)->submitter.host + ", whose agent cannot be asked from here";
    }
    return answer;
  }

  Capabilities capabilities_;
};

}  // namespace

Engine& local_engine() {
  // Never destroyed: threads may use it while the process ends.
  static Engine& engine = *new LocalEngine;
  return engine;
}

}  // namespace errand::engine::local
