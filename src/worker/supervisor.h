// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "system/descriptor.h"
#include "worker/protocol.h"
#include "worker/warm_link.h"
#include "worker/worker_watch.h"

namespace errand::worker {

/// See protocol.h. One worker at a time, which first is a spare (nobody knows when it gets a job: the agent
/// tells it, and us with `busy`) and then has a job. Sleeps unless something happens; ticks only while a
/// worker is busy.
class Supervisor {
 public:
  explicit Supervisor(int control) : control_(control) {}
  /// Until the agent retires us, or is gone and the worker has ended. The exit code.
  int run();

 private:
  struct Worker {
    std::int32_t pid = 0;
    system::Descriptor handle;  ///< a pidfd: a bare pid may be somebody else's by the time of a kill
  };
  enum class State : std::uint8_t { working, retired };

  bool set_up();
  bool take_orders();
  void wait_for_events();
  [[nodiscard]] int poll_timeout() const;

  // Things that happen.
  void hear_agent();
  void take(const Message& message);
  void agent_gone();
  void hear_warm_parent();
  void take_from_warm(const Message& message);
  void child_ended();
  void warm_parent_ended(int status);
  void worker_ended(int status);
  void tick();

  // Things to do.
  void provide_spare();
  void start_warm_parent();
  void request_spare();
  void spawn_spare();
  void offer_spare(std::int32_t pid);
  void begin_busy(const Message& message);
  void kill_worker();
  void kill_leftovers();
  [[nodiscard]] Message describe_end(int status);
  void give_up(const std::string& why);
  void tell_agent(const Message& message);
  void arm(std::int64_t at_ns);

  system::Descriptor control_;
  system::Descriptor children_;  ///< signalfd for SIGCHLD
  system::Descriptor timer_;
  std::optional<WarmLink> warm_;
  std::optional<Worker> worker_;
  system::Descriptor offered_;  ///< the agent's end of the channel of a worker that is being made
  WorkerWatch watch_;
  std::optional<WorkerWatch::Task> over_limit_;  ///< killed for it
  std::uint64_t oom_kills_before_ = 0;
  std::chrono::steady_clock::time_point hello_deadline_;
  int failed_starts_ = 0;  ///< of warm parents, since a worker ended
  bool killed_on_request_ = false;
  bool broken_ = false;
  bool outlives_agent_ = true;
  State state_ = State::working;
};

}  // namespace errand::worker
