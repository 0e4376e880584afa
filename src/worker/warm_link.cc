// SPDX-License-Identifier: Apache-2.0
#include "worker/warm_link.h"

#include <unistd.h>

#include <array>
#include <csignal>

#include "system/processes.h"
#include "system/try.h"
#include "worker/channel_variable.h"

namespace errand::worker {

Result<std::int32_t> WarmLink::spawn(int channel, bool as_worker) {
  if (spec_.argv.empty()) {
    return Error{ErrorCode::invalid_argument, "the worker's command is empty", false, {}, 0};
  }
  system::SpawnRequest request;
  request.argv = spec_.argv;
  request.environment = spec_.environment;
  if (as_worker) request.environment.push_back(std::string(channel_variable) + "=3");
  request.keep = {-1, STDOUT_FILENO, STDERR_FILENO, channel};
  request.die_with_parent_signal = SIGKILL;
  return system::system_processes().spawn(request);
}

Result<void> WarmLink::start() {
  TRY(auto ends, make_channel());
  channel_ = system::Descriptor(ends[0]);
  system::Descriptor theirs(ends[1]);
  said_hello_ = false;
  auto pid = spawn(theirs.get(), /*as_worker=*/false);
  if (!pid) {
    hang_up();
    return std::move(pid).error();
  }
  pid_ = *pid;
  return {};
}

Result<void> WarmLink::request_fork(int channel) {
  return send(channel_.get(), {MessageType::fork, 0, {}, {}, channel});
}

Result<std::int32_t> WarmLink::spawn_worker(int channel) {
  return spawn(channel, /*as_worker=*/true);
}

}  // namespace errand::worker
