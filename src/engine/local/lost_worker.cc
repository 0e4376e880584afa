// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>

#include "engine/local/running_job.h"
#include "journal/log_reader.h"
#include "system/try.h"
#include "worker/exit_code.h"

/// What becomes of the tasks that a worker held when it died.
namespace errand::engine::local {
namespace {

constexpr std::int64_t disk_full_pause_ns = 1'000'000'000;
constexpr std::uint32_t most_starts_without_task = 10;
constexpr std::uint64_t no_task = share::ProgressPage::no_task;
constexpr std::uint32_t most_unseen_losses = 10;

void put(std::string& out, std::uint32_t number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

Result<void> RunningJob::worker_lost(const share::WorkerKey& worker, const std::optional<TaskRange>& range,
                                     const WorkerEnd& end) {
  exact_ = false;
  TRY_VOID(vouch(worker));
  if (!range || canceling_) return own_log_ ? own_log_->sync() : Result<void>();
  TRY(std::vector<bool> done, recorded(worker, *range));
  auto progress = directory_->progress(worker);
  std::uint64_t current = progress ? progress->current_task.value_or(no_task) : no_task;
  if (WIFEXITED(end.wait_status) && WEXITSTATUS(end.wait_status) == worker::exit_cannot_record) {
    if (is_removed()) {
      stopping_ = true;  // nothing can be recorded any more; settling finds that out, too, and lets it go
      queue.clear();
      return {};
    }
    hold_until = system::system_clock().monotonic_ns() + disk_full_pause_ns;
    current = no_task;
  } else if (current == no_task && !end.by_our_kill && ++starts_without_task_ >= most_starts_without_task) {
    current = range->first;  // it never even starts: count it against the first task, or it goes on for ever
  }
  for (std::uint64_t i = 0; i < range->count; ++i) {
    if (done[i]) continue;
    TaskRange one{range->first + i, 1, range->attempt};
    if (current == one.first && !end.by_our_kill) {
      TRY_VOID(end_current_task(one, end));
    } else if (draining_) {
      has_rest_ = true;
    } else if (!stopping()) {
      queue.add(one);
    }
  }
  return own_log_ ? own_log_->sync() : Result<void>();
}

bool RunningJob::is_removed() const {
  auto directory = place_->files().info(directory_->path());
  return !directory && directory.error().code == ErrorCode::not_found;
}

/// The task that ran when its worker died: over its limit, ended by its own hand, or lost.
Result<void> RunningJob::end_current_task(const TaskRange& one, const WorkerEnd& end) {
  if (end.over_time_limit) {
    auto limit = std::to_string(manifest().context.task_time_limit.count());
    return record_failure(one.first, one.attempt, FailureCause::time_limit, "time limit",
                          "ran longer than its time limit of " + limit + " ms and was killed");
  }
  if (!end.unseen && WIFEXITED(end.wait_status)) {
    return record_failure(one.first, one.attempt, FailureCause::user_error, "exit", end.words());
  }
  return lose_start(one.first, one.attempt, end);
}

Result<void> RunningJob::lose_start(std::uint64_t task, std::uint32_t attempt, const WorkerEnd& end) {
  TRY(journal::LogWriter * log, own_log());
  share::LostStart lost{task, attempt, end.words(), !end.unseen};
  log->add_record(journal::RecordType::lost, encode(lost));
  share::OutcomeIndex::Lost& sum = lost_[task];
  ++(lost.counts ? sum.counted : sum.uncounted);
  auto allowed = static_cast<std::uint32_t>(std::max(0, manifest().context.lost_task_retries));
  bool poison = sum.counted > allowed || sum.uncounted >= most_unseen_losses;
  if (poison) {
    std::uint32_t starts = sum.counted + sum.uncounted;
    return record_failure(task, attempt, FailureCause::given_up, "given up",
                          end.words() + "; started " + std::to_string(starts) +
                              (starts == 1 ? " time" : " times") + " and given up");
  }
  if (draining_) {
    has_rest_ = true;
  } else if (!stopping()) {
    queue.add({task, 1, attempt + 1});
  }
  return {};
}

/// Which tasks of the range have an outcome in the worker's log. Counts them.
Result<std::vector<bool>> RunningJob::recorded(const share::WorkerKey& worker, const TaskRange& range) {
  std::vector<bool> done(range.count, false);
  std::string name = share::log_name(worker);
  auto file = place_->files().open_read(directory_->path() + "/" + name);
  if (!file && file.error().code == ErrorCode::not_found) return done;
  if (!file) return std::move(file).error();
  journal::LogReader reader(*std::move(file), name);
  TRY_VOID(reader.refresh([&](const journal::Record& record) -> Result<void> {
    if (record.type != journal::RecordType::outcomes) return {};
    std::size_t position = 0;
    while (true) {
      TRY(auto outcome, journal::read_outcome(record.body, position));
      if (!outcome) return {};
      std::uint64_t at = outcome->task - range.first;
      if (outcome->task < range.first || at >= range.count || outcome->attempt != range.attempt) continue;
      if (!done[at]) ++(outcome->cause == FailureCause::none ? values_ : failures_);
      done[at] = true;
      if (outcome->cause != FailureCause::none && !manifest().continue_on_failure) stopping_ = true;
    }
  }));
  if (stopping_) queue.clear();
  return done;
}

/// Makes a dead worker's log and values durable and says so in our own log: what it recorded counts, but
/// its own last sync mark may be older.
Result<void> RunningJob::vouch(const share::WorkerKey& worker) {
  auto file = place_->files().open_read(directory_->path() + "/" + share::log_name(worker));
  if (!file && file.error().code == ErrorCode::not_found) return {};
  if (!file) return std::move(file).error();
  if (auto values = place_->files().open_read(directory_->path() + "/" + share::values_name(worker))) {
    TRY_VOID((*values)->sync());
  }
  TRY_VOID((*file)->sync());
  TRY_VOID(place_->files().sync_directory(directory_->path()));
  TRY(system::FileInfo info, (*file)->info());
  TRY(journal::LogWriter * log, own_log());
  std::string body;
  put(body, worker.chunk);
  put(body, worker.generation);
  put(body, worker.worker);
  put(body, 0);
  body.append(reinterpret_cast<const char*>(&info.size), sizeof info.size);
  log->add_record(journal::RecordType::vouched, body);
  return {};
}

Result<void> RunningJob::orphan_ended(std::size_t index) {
  share::WorkerKey key = orphans[index].key;
  orphans.erase(orphans.begin() + static_cast<std::ptrdiff_t>(index));
  TRY_VOID(vouch(key));
  auto progress = directory_->progress(key);
  if (progress && progress->current_task && !canceling_) {
    TaskRange held{*progress->current_task, 1, progress->current_attempt};
    TRY(std::vector<bool> done, recorded(key, held));
    WorkerEnd unseen;
    unseen.unseen = true;
    if (!done[0]) TRY_VOID(lose_start(held.first, held.attempt, unseen));
  }
  return own_log_ ? own_log_->sync() : Result<void>();
}

}  // namespace errand::engine::local
