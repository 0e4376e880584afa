// SPDX-License-Identifier: Apache-2.0
#include "worker/worker_watch.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "worker/progress_file.h"

namespace errand::worker {
namespace {

/// While a task is over its console limit it may fill the disk within seconds.
constexpr std::int64_t hurried_look_ns = 100'000'000;

constexpr std::uint64_t beats_per_touch = 10;

}  // namespace

void WorkerWatch::begin(Orders orders, std::int64_t now_ns) {
  end();
  trim_ = ConsoleTrim(orders.console_limit);
  orders_ = std::move(orders);
  next_beat_ns_ = now_ns + beat_ns;
  next_look_ns_ = next_beat_ns_;
}

void WorkerWatch::end() {
  orders_.reset();
  page_.reset();
  console_.reset();
}

share::ProgressPage* WorkerWatch::page() {
  if (!page_ && orders_) {
    auto mapped = map_progress_page(orders_->progress_path);
    if (mapped) page_ = *std::move(mapped);
  }
  return page_.get();
}

std::int64_t WorkerWatch::tick(std::int64_t now_ns) {
  if (now_ns >= next_beat_ns_) {
    if (page() != nullptr &&
        page_->heartbeat.fetch_add(1, std::memory_order_relaxed) % beats_per_touch == 0) {
      // A store through the mapping moves no time; other hosts tell a live worker by the file's.
      utimensat(AT_FDCWD, orders_->progress_path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
    }
    next_beat_ns_ = now_ns + beat_ns;
  }
  if (now_ns >= next_look_ns_) next_look_ns_ = now_ns + (trim_console() ? hurried_look_ns : beat_ns);
  std::int64_t next = std::min(next_beat_ns_, next_look_ns_);
  std::int64_t limit = orders_->time_limit_ns;
  if (limit == 0) return next;
  // Between tasks, and before the page is there: the next task cannot be over its limit any sooner.
  std::int64_t over = now_ns + limit;
  if (current()) over = page_->task_started.load(std::memory_order_relaxed) + limit;
  return std::min(next, std::max(over, now_ns));
}

bool WorkerWatch::trim_console() {
  if (orders_->console_limit == 0 || page() == nullptr) return false;
  if (!console_) {
    auto opened = open_existing(orders_->console_path);
    if (!opened) return false;
    console_ = *std::move(opened);
  }
  auto info = console_->info();
  return info && trim_.trim(*console_, page_->console_begin.load(std::memory_order_relaxed), info->size);
}

std::optional<WorkerWatch::Task> WorkerWatch::current() {
  if (page() == nullptr) return std::nullopt;
  std::uint64_t task = page_->current_task.load(std::memory_order_acquire);
  if (task == share::ProgressPage::no_task) return std::nullopt;
  return Task{task, page_->current_attempt.load(std::memory_order_relaxed)};
}

std::optional<WorkerWatch::Task> WorkerWatch::overdue(std::int64_t now_ns) {
  if (!orders_ || orders_->time_limit_ns == 0) return std::nullopt;
  auto task = current();
  if (!task) return std::nullopt;
  std::int64_t started = page_->task_started.load(std::memory_order_relaxed);
  // Read again: the start may be that of the task behind it.
  if (current() != task || now_ns - started < orders_->time_limit_ns) return std::nullopt;
  return task;
}

bool WorkerWatch::request_stop() {
  if (page() == nullptr) return false;
  page_->stop.store(1, std::memory_order_release);
  return true;
}

}  // namespace errand::worker
