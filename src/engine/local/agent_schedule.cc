// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/local/agent.h"
#include "share/names.h"

/// Who runs what: first come, first served over the cores.
namespace errand::engine::local {
namespace {

constexpr std::int64_t retry_pause_ns = 1'000'000'000;
constexpr std::size_t most_idle_hosts_per_core = 4;
/// A worker that waited this long has done what it does while it waits (imports, the pages it will write to).
constexpr std::int64_t rested_after_ns = 150'000'000;

}  // namespace

void Agent::check(RunningJob& job, const Result<void>& outcome, const char* doing) {
  if (!outcome) spdlog::error("cannot {} {}: {}", doing, job.id(), outcome.error().message);
}

void Agent::scan_active() {
  if (settings_.part) return published(settings_.part->job);
  auto ids = place_->active_ids();
  if (!ids) return;
  std::sort(ids->begin(), ids->end());  // ids begin with their time
  for (const std::string& id : *ids) {
    published(id);
    rung(id);
  }
}

/// A job has come: it waits its turn.
void Agent::published(const std::string& id) {
  if (settings_.part && (id != settings_.part->job || !jobs_.empty())) return;
  bool running = std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job->id() == id; });
  if (running || share::parse_job_id(id) != id || !known_.insert(id).second) return;
  waiting_.push_back(id);
}

/// Somebody appended to the job, or asked something of it (or is about to publish it).
void Agent::rung(const std::string& id) {
  for (const auto& job : jobs_) {
    if (job->id() == id) return check(*job, job->look(), "look at");
  }
  if (share::parse_job_id(id) != id) return;
  auto directory = share::JobDirectory::open(place_, id);
  if (!directory) return;
  published(id);
  if ((*directory)->requests() == 0) return;
  // A cancel must not wait for the jobs before it.
  std::erase(waiting_, id);
  known_.erase(id);
  admit(id);
}

RunningJob* Agent::admit(const std::string& id) {
  auto admitted = RunningJob::admit(place_, id, processes_, settings_.part);
  switch (admitted.admission) {
    case RunningJob::Admission::run:
      jobs_.push_back(std::move(admitted.job));
      return jobs_.back().get();
    case RunningJob::Admission::settled:
      if (!settings_.part) place_->clear_active(id);
      return nullptr;
    case RunningJob::Admission::broken:
      part_failed_ = true;
      spdlog::error("cannot run {}: {}", id, admitted.problem);
      return nullptr;
    case RunningJob::Admission::missing:  // not published yet: its publication rings again
    case RunningJob::Admission::not_ours:
      return nullptr;
  }
  return nullptr;
}

std::uint64_t Agent::busy_cores() const {
  return static_cast<std::uint64_t>(std::count_if(hosts_.begin(), hosts_.end(), [](const auto& host) {
    return host->state == WorkerHost::State::busy && host->job != nullptr && !host->idle();
  }));
}

void Agent::schedule() {
  for (const auto& job : jobs_) {
    if (job->stopping()) end_workers(*job);
    feed_idle_workers(*job);
    staff(*job);
  }
  while (!waiting_.empty()) {
    // A job is read only when it may start: ten thousand may wait.
    std::string id = waiting_.front();
    bool free_core = busy_cores() < settings_.cores;
    if (!free_core && jobs_.size() >= settings_.cores + read_ahead) break;
    waiting_.pop_front();
    known_.erase(id);
    if (RunningJob* job = admit(id)) staff(*job);
  }
  for (const auto& job : jobs_) split_long_range(*job);
  settle_finished();
  drop_idle_hosts();
}

std::uint16_t Agent::flags_for(const RunningJob& job) const {
  if (!job.queue.empty()) return 0;
  return job.complete() ? worker::range_drain | worker::range_last : worker::range_drain;
}

void Agent::feed_idle_workers(RunningJob& job) {
  std::vector<WorkerHost*> attached(job.workers.begin(), job.workers.end());
  for (WorkerHost* host : attached) {
    if (!host->idle()) continue;
    bool idle_too_long = monotonic_now() - host->idle_since >= settings_.host_idle_ns;
    bool nothing_more =
        job.queue.empty() && (job.complete() || job.draining() || job.stopping() || idle_too_long);
    if (nothing_more) {
      (void)host->finish();
    } else if (!job.queue.empty() && job.hold_until <= monotonic_now()) {
      TaskRange range = job.queue.take(job.piece.next(job.queue.size(), job.core_limit(settings_.cores)));
      (void)host->hand(range, flags_for(job), monotonic_now());
    }
  }
}

/// Gives the job as many workers as it can use and the cores allow.
void Agent::staff(RunningJob& job) {
  if (job.stopping() || job.draining() || job.hold_until > monotonic_now()) return;
  std::uint64_t limit = job.core_limit(settings_.cores);
  std::uint64_t cores = std::max(settings_.cores, limit);
  std::uint64_t coming = 0;
  for (const auto& host : hosts_) {
    coming += host->state == WorkerHost::State::starting && host->key == job.host_key() ? 1 : 0;
  }
  while (!job.queue.empty() && job.workers.size() < limit && busy_cores() < cores) {
    if (WorkerHost* host = find_ready_host(job.host_key())) {
      if (!begin(job, *host)) return;
      continue;
    }
    // Tasks that the workers on their way will take need no further ones.
    std::uint64_t wanted = std::min({job.queue.size(), limit - job.workers.size(), cores - busy_cores()});
    if (coming >= wanted) start_reserve(job);
    for (; coming < wanted; ++coming) start_host(job);
    return;
  }
}

/// The last that came to rest of those that have had the time to get ready (the others may then be dropped as
/// idle), else the one that has had most of it.
WorkerHost* Agent::find_ready_host(const std::string& key) {
  WorkerHost* rested = nullptr;
  WorkerHost* oldest = nullptr;
  std::int64_t now = monotonic_now();
  for (const auto& host : hosts_) {
    if (host->state != WorkerHost::State::ready || host->key != key) continue;
    bool is_rested = now - host->idle_since >= rested_after_ns;
    if (is_rested && (rested == nullptr || host->idle_since > rested->idle_since)) rested = host.get();
    if (oldest == nullptr || host->idle_since < oldest->idle_since) oldest = host.get();
  }
  return rested != nullptr ? rested : oldest;
}

/// A job waits for the successor of a worker that has just ended, and a core is free: jobs follow each other
/// so quickly that a second host, whose worker is forked while the first one's works, is worth its memory.
void Agent::start_reserve(RunningJob& job) {
  std::uint64_t hosts = 0;
  for (const auto& host : hosts_) {
    if (host->key != job.host_key()) continue;
    bool first_start = host->state == WorkerHost::State::starting && host->worker_pid == 0;
    if (first_start || ++hosts >= settings_.cores) return;
  }
  start_host(job);
}

bool Agent::begin(RunningJob& job, WorkerHost& host) {
  TaskRange range = job.queue.take(job.piece.next(job.queue.size(), job.core_limit(settings_.cores)));
  auto begun = host.begin(job, range, flags_for(job), monotonic_now());
  if (!begun) {
    // The waiting worker has died: its supervisor will say so, and the range waits for another.
    job.queue.add(range);
    host.job = nullptr;
    host.range.reset();
    host.state = WorkerHost::State::starting;
    return false;
  }
  job.workers.insert(&host);
  return true;
}

void Agent::start_host(RunningJob& job) {
  worker::StartSpec spec = job.start_spec(settings_.command);
  spec.outlives_agent = !settings_.part;
  auto host = WorkerHost::start(processes_, settings_.command, spec, job.host_key());
  if (!host) {
    spdlog::error("cannot start a supervisor: {}", host.error().message);
    job.hold_until = monotonic_now() + retry_pause_ns;
    return;
  }
  hosts_.push_back(*std::move(host));
}

/// A job that is canceled or stopped by a failure: its workers are killed, all of them.
void Agent::end_workers(RunningJob& job) {
  for (WorkerHost* host : job.workers) {
    if (host->closed || host->finishing) {
      if (!job.canceling()) continue;  // it ends by itself
    }
    if (host->kill_asked) continue;
    host->kill_asked = true;
    host->kill_worker();
  }
}

void Agent::detach(WorkerHost& host) {
  if (host.job != nullptr) host.job->workers.erase(&host);
  host.job = nullptr;
  host.range.reset();
  host.finishing = host.stop_asked = host.kill_asked = false;
}

/// Cores are free and nothing waits for them: the worker that holds the oldest range of several tasks.
WorkerHost* Agent::splittable(const RunningJob& job) const {
  if (!job.queue.empty() || job.stopping() || job.workers.size() >= job.core_limit(settings_.cores)) {
    return nullptr;
  }
  if (busy_cores() >= settings_.cores || !waiting_.empty()) return nullptr;
  WorkerHost* oldest = nullptr;
  for (WorkerHost* host : job.workers) {
    bool several = host->range && host->range->count > 1 && !host->stop_asked;
    if (several && (oldest == nullptr || host->range_began < oldest->range_began)) oldest = host;
  }
  return oldest;
}

/// Its tasks turned out long: it gives back what it has not started.
void Agent::split_long_range(RunningJob& job) {
  WorkerHost* host = splittable(job);
  if (host == nullptr || monotonic_now() - host->range_began < split_age_ns) return;
  host->stop_range(place_->files(), job.directory().path() + "/" + share::progress_name(host->worker));
}

void Agent::settle_finished() {
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    if (!(*job)->over() || (*job)->hold_until > monotonic_now()) {
      ++job;
      continue;
    }
    part_rest_ = part_rest_ || (*job)->has_rest();
    bool many = (*job)->queue_peak() > 100'000;
    Result<void> settled = (*job)->settle();
    bool removed = !settled && !place_->files().info((*job)->directory().path());
    if (removed) {
      // A client had its results, and cleaned up, before we came to it.
      place_->clear_active((*job)->id());
    } else if (!settled) {
      check(**job, settled, "settle");
      (*job)->hold_until = monotonic_now() + retry_pause_ns;  // a full disk may have room again
      ++job;
      continue;
    }
    job = jobs_.erase(job);
    if (many) malloc_trim(0);
  }
}

void Agent::drop_idle_hosts() {
  std::size_t most = most_idle_hosts_per_core * settings_.cores;
  auto is_idle = [](const auto& host) { return host->state == WorkerHost::State::ready; };
  auto count = static_cast<std::size_t>(std::count_if(hosts_.begin(), hosts_.end(), is_idle));
  for (auto host = hosts_.begin(); host != hosts_.end();) {
    bool old = monotonic_now() - (*host)->idle_since >= settings_.host_idle_ns;
    if (is_idle(*host) && (old || count > most)) {
      host = hosts_.erase(host);
      --count;
    } else {
      ++host;
    }
  }
}

}  // namespace errand::engine::local
