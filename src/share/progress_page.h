// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "system/files.h"
#include "system/processes.h"

namespace errand::share {

/// One page per worker, mapped and shared: what it is doing right now. Advisory: everything in it can be
/// rebuilt from the log. Written by the worker (heartbeat and stop: by its supervisor).
struct ProgressPage {
  static constexpr std::uint64_t magic_value = 0x6567'6170'6472'7265;  // "errdpage"
  static constexpr std::uint64_t no_task = ~std::uint64_t{0};
  static constexpr std::size_t size = 4096;

  std::uint64_t magic;
  std::uint32_t major;
  std::uint32_t minor;
  std::int32_t pid;
  std::uint32_t reserved;
  std::uint64_t start;  ///< of the process, ticks since boot
  std::uint64_t pid_namespace;
  char boot[40];
  char host[72];
  std::atomic<std::uint64_t> heartbeat;     ///< moves about once a second while the worker is supervised
  std::atomic<std::uint64_t> current_task;  ///< stored before the task runs; no_task between tasks
  std::atomic<std::uint32_t> current_attempt;
  std::atomic<std::uint32_t> stop;           ///< not 0: end after the task in hand
  std::atomic<std::int64_t> task_started;    ///< monotonic ns of this boot
  std::atomic<std::uint64_t> succeeded;      ///< recorded outcomes that are values
  std::atomic<std::uint64_t> failed;         ///< recorded outcomes that are not
  std::atomic<std::uint64_t> durable;        ///< recorded outcomes that would survive a power cut
  std::atomic<std::uint32_t> closed;         ///< 1: the log is complete and durable
  std::atomic<std::uint64_t> console_begin;  ///< where the current task's text begins in the console file
};
static_assert(sizeof(ProgressPage) <= ProgressPage::size);

/// A snapshot of a page, checked.
struct WorkerProgress {
  system::ProcessId process;
  std::uint64_t heartbeat = 0;
  std::optional<std::uint64_t> current_task;
  std::uint32_t current_attempt = 0;
  std::int64_t task_started = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t durable = 0;
  bool closed = false;
};
/// Errors: corrupt (short, or no page), version_mismatch, not_found.
[[nodiscard]] Result<WorkerProgress> read_progress(system::Files& files, const std::string& path);

/// Asks a worker to end its range after the task in hand. It stores each task before it looks for the
/// stop: whoever reads the page after this call knows which task is still the worker's.
void ask_to_stop(system::Files& files, const std::string& path);

}  // namespace errand::share
