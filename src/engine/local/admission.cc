// SPDX-License-Identifier: Apache-2.0
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/local/running_job.h"
#include "engine/local/world.h"
#include "share/sealing.h"
#include "system/process_exit.h"
#include "system/try.h"

/// Taking up a job, fresh or left by an earlier agent.
namespace errand::engine::local {
namespace {

/// Together more than a minute: as long as a network file system may hide a name.
constexpr int most_claim_tries = 37;
constexpr std::chrono::milliseconds claim_pause{100};

std::string make_host_key(const worker::StartSpec& spec, const share::Manifest& manifest) {
  // The snapshot stands for the program: each job has its own link to it.
  std::string key = manifest.program_hash + "\n" + (spec.fork ? "fork\n" : "exec\n");
  for (std::size_t i = manifest.program_hash.empty() ? 0 : 1; i < spec.argv.size(); ++i) {
    key.append(spec.argv[i]).push_back('\n');
  }
  for (const std::string& entry : spec.environment) key.append(entry).push_back('\n');
  XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  return std::to_string(hash.high64) + "-" + std::to_string(hash.low64);
}

}  // namespace

RunningJob::Admitted RunningJob::admit(std::shared_ptr<share::Place> place, const std::string& id,
                                       system::Processes& processes, const std::optional<Part>& part) {
  Admitted admitted;
  auto broken = [&admitted](const Error& error) {
    admitted.admission = Admission::broken;
    admitted.problem = error.message;
    return std::move(admitted);
  };
  auto directory = share::JobDirectory::open(place, id);
  if (!directory) {
    if (directory.error().code == ErrorCode::job_missing) return admitted;
    return broken(directory.error());
  }
  auto verdict = (*directory)->verdict();
  bool asked = (*directory)->cancel_pending();
  bool canceled = verdict && verdict->canceled;
  if (canceled || (!asked && (*directory)->seal())) {
    // A cancel may have been cut short between its verdict and the removal.
    if (canceled && !(*directory)->logs().empty()) (void)share::record_canceled(**directory, *verdict);
    admitted.admission = Admission::settled;
    return admitted;
  }
  auto tasks = (*directory)->tasks();
  if (!tasks && tasks.error().code == ErrorCode::job_missing) return admitted;  // cut off by a power cut
  if (!tasks) return broken(tasks.error());
  if (!part && !is_ours((*tasks)->manifest(), processes.self())) {
    admitted.admission = Admission::not_ours;
    return admitted;
  }
  std::unique_ptr<RunningJob> job(new RunningJob);
  job->place_ = std::move(place);
  job->directory_ = *std::move(directory);
  job->tasks_ = *tasks;
  if (part) {
    if (auto taken = job->take_part(*part); !taken) return broken(taken.error());
  }
  job->host_key_ = make_host_key(job->start_spec("@errand"), job->manifest());
  job->piece.fixed = job->manifest().chunk_size;
  if (auto claimed = job->claim(processes); !claimed) return broken(claimed.error());
  if (auto looked = job->take_requests(); !looked) return broken(looked.error());
  admitted.admission = Admission::run;
  admitted.job = std::move(job);
  return admitted;
}

/// Of an element that is started again on another host the earlier claims and logs may not be visible yet:
/// then the next free number is taken only in appearance. Exclusive creation tells, which needs no lock.
Result<void> RunningJob::claim(system::Processes& processes) {
  for (int tries = 1;; ++tries) {
    if (in_allocation_) TRY_VOID(directory_->refresh_from_server());
    auto claimed = claim_next(processes);
    const bool unseen = !claimed && claimed.error().code == ErrorCode::exists && in_allocation_;
    if (!unseen || tries == most_claim_tries) return claimed;
    std::this_thread::sleep_for(claim_pause * tries);
  }
}

Result<void> RunningJob::claim_next(system::Processes& processes) {
  share::Claim claim;
  claim.owner = processes.self();
  claim.time_ns = place_->clock().now_ns();
  generation_ = directory_->generation(chunk_) + 1;
  if (generation_ > 1 || !first_submission_) {
    exact_ = false;
    return take_over(processes, claim);
  }
  TRY_VOID(directory_->add_claim(chunk_, 1, claim));
  queue_all();
  return {};
}

Result<void> RunningJob::take_over(system::Processes& processes, share::Claim& claim) {
  forget_orphans();
  std::set<std::uint64_t> held;
  std::vector<share::WorkerKey> dead;
  for (const share::WorkerKey& key : directory_->logs()) {
    if (key.chunk != chunk_) continue;
    std::string path = directory_->path() + "/" + share::log_name(key);
    auto progress = directory_->progress(key);
    bool alive = progress && !progress->closed && progress->process.same_world(processes.self()) &&
                 processes.is_alive(progress->process);
    if (alive) {
      share::ask_to_stop(place_->files(), directory_->path() + "/" + share::progress_name(key));
      if (auto again = directory_->progress(key)) progress = std::move(again);
      if (progress->current_task) held.insert(*progress->current_task);
      auto handle = system::watch_exit(processes, progress->process);
      orphans.push_back({key, progress->process, handle ? *handle : -1});
      claim.accepted.push_back({share::log_name(key), share::Claim::Accepted::all});
      continue;
    }
    TRY(system::FileInfo info, place_->files().info(path));
    claim.accepted.push_back({share::log_name(key), info.size});
    dead.push_back(key);
  }
  TRY_VOID(directory_->add_claim(chunk_, generation_, claim));
  share::OutcomeIndex index(*directory_);
  TRY_VOID(index.refresh(tasks_->total()));
  lost_ = index.lost_starts();
  for (const share::WorkerKey& key : dead) TRY_VOID(vouch(key));
  queue_missing(index, held);
  for (const share::WorkerKey& key : dead) {
    // What a dead worker held was lost with it; nobody saw how, so it counts for less.
    auto progress = directory_->progress(key);
    bool lost = progress && progress->current_task && !index.has(*progress->current_task) &&
                progress->current_attempt >= index.first_attempt(*progress->current_task);
    auto known = lost ? lost_.find(*progress->current_task) : lost_.end();
    if (!lost || (known != lost_.end() && known->second.next_attempt > progress->current_attempt)) continue;
    auto waiting = queue.remove(*progress->current_task);
    WorkerEnd unseen;
    unseen.unseen = true;
    if (waiting) TRY_VOID(lose_start(waiting->first, progress->current_attempt, unseen));
  }
  return own_log_ ? own_log_->sync() : Result<void>();
}

void RunningJob::forget_orphans() {
  for (const Orphan& orphan : orphans) {
    if (orphan.exit_handle >= 0) close(orphan.exit_handle);
  }
  orphans.clear();
}

void RunningJob::queue_missing(const share::OutcomeIndex& index, const std::set<std::uint64_t>& held) {
  queued_total_ = tasks_->total();
  auto counts = index.counts();
  values_ = counts.values;
  failures_ = counts.errors + counts.given_up;
  if (counts.errors > 0 && !manifest().continue_on_failure) {
    stopping_ = true;
    return;
  }
  for (auto [first, last] : index.missing(queued_total_)) {
    for (std::uint64_t task = first; task < last; ++task) {
      if (held.contains(task) || !is_mine(task)) continue;
      auto known = lost_.find(task);
      std::uint32_t attempt = index.first_attempt(task);
      if (known != lost_.end()) attempt = std::max(attempt, known->second.next_attempt);
      queue.add({task, 1, attempt});
    }
  }
}

}  // namespace errand::engine::local
