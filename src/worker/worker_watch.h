// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "share/progress_page.h"
#include "system/files.h"
#include "worker/console_trim.h"

namespace errand::worker {

/// What a supervisor sees of the worker that has a job: its progress page and its console file. Both may
/// not be there yet; they are looked for with every tick.
class WorkerWatch {
 public:
  static constexpr std::int64_t beat_ns = 1'000'000'000;

  struct Orders {
    std::string progress_path;  ///< absolute
    std::string console_path;
    std::int64_t time_limit_ns = 0;   ///< of one task; 0: none
    std::uint64_t console_limit = 0;  ///< text kept of one task; 0: all
  };
  struct Task {
    std::uint64_t index = 0;
    std::uint32_t attempt = 0;
    bool operator==(const Task&) const = default;
  };

  void begin(Orders orders, std::int64_t now_ns);
  void end();
  [[nodiscard]] bool is_active() const { return orders_.has_value(); }

  /// Moves the heartbeat and trims the console, if it is time. Gives the time of the next tick.
  std::int64_t tick(std::int64_t now_ns);
  /// The task in hand, if there is one.
  [[nodiscard]] std::optional<Task> current();
  /// The task that has been running for longer than the limit.
  [[nodiscard]] std::optional<Task> overdue(std::int64_t now_ns);
  /// The worker is to end after the task in hand. False if it has no page yet.
  bool request_stop();

 private:
  share::ProgressPage* page();
  bool trim_console();

  std::optional<Orders> orders_;
  std::shared_ptr<share::ProgressPage> page_;
  std::unique_ptr<system::File> console_;
  ConsoleTrim trim_;
  std::int64_t next_beat_ns_ = 0;
  std::int64_t next_look_ns_ = 0;  ///< at the console
};

}  // namespace errand::worker
