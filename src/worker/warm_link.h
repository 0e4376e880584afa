// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "errand/error.h"
#include "system/descriptor.h"
#include "worker/protocol.h"

namespace errand::worker {

/// A supervisor's end of its warm parent: starts the command, asks it for workers. One at a time.
class WarmLink {
 public:
  /// A command that says nothing for this long is taken for one that never will.
  static constexpr std::chrono::milliseconds hello_patience{60'000};

  explicit WarmLink(StartSpec spec) : spec_(std::move(spec)) {}

  /// Starts the command. Errors: it cannot be started.
  Result<void> start();
  /// Asks for a worker that owns `channel` (which stays the caller's, too). Errors: the parent is gone.
  Result<void> request_fork(int channel);
  /// Starts the command itself as a worker, without a parent; its pid.
  Result<std::int32_t> spawn_worker(int channel);
  /// The next message, if there is one; any error: nothing more will come.
  Result<std::optional<Message>> receive_next() { return receive(channel_.get(), /*wait=*/false); }

  void note_hello() { said_hello_ = true; }
  /// Closing its channel makes it end.
  void hang_up() { channel_.reset(); }
  /// It has ended and was collected.
  void forget() {
    hang_up();
    pid_ = 0;
  }
  /// Forking is out of the question: every worker is a process of its own from now on.
  void give_up_forking() { spec_.fork = false; }

  [[nodiscard]] bool forks() const { return spec_.fork; }
  [[nodiscard]] bool is_running() const { return static_cast<bool>(channel_); }
  [[nodiscard]] bool is_ready() const { return said_hello_ && is_running(); }
  /// Since it was started; true also when it has hung up meanwhile.
  [[nodiscard]] bool has_said_hello() const { return said_hello_; }
  [[nodiscard]] std::int32_t pid() const { return pid_; }  ///< 0: there is none
  [[nodiscard]] int descriptor() const { return channel_.get(); }
  [[nodiscard]] const std::string& program() const { return spec_.argv.front(); }

 private:
  Result<std::int32_t> spawn(int channel, bool as_worker);

  StartSpec spec_;
  system::Descriptor channel_;
  std::int32_t pid_ = 0;
  bool said_hello_ = false;
};

}  // namespace errand::worker
