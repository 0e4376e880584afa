// SPDX-License-Identifier: Apache-2.0
#include "launchpad/place_sweeper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "database/database_files.h"
#include "launchpad/patience.h"
#include "share/place.h"
#include "system/clock.h"

namespace errand::launchpad {
namespace {

void sweep(const std::shared_ptr<database::Session>& session, const std::string& owner) {
  auto files = std::make_shared<database::DatabaseFiles>(session, owner);
  auto place = share::Place::open(files, files->absolute(""), false, system::system_clock());
  if (!place) return;
  share::release_unused_programs(**place);
  (*place)->sweep();
}

[[noreturn]] void run_child(const database::Target& target, const std::set<std::string>& owners,
                            pid_t launchpad) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launchpad) _exit(1);
  auto session = std::make_shared<database::Session>(target);
  for (const std::string& owner : owners) sweep(session, owner);
  _exit(0);  // the launchpad's own session is open here, too, and is not ours to end
}

}  // namespace

PlaceSweeper::PlaceSweeper(database::Target target, std::int64_t now_ns)
    : target_(std::move(target)), due_ns_(now_ns + sweep_interval_ns) {}

PlaceSweeper::~PlaceSweeper() {
  if (!is_sweeping()) return;
  kill(child_, SIGKILL);
  while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool PlaceSweeper::is_sweeping() {
  if (child_ > 0 && waitpid(child_, nullptr, WNOHANG) != 0) child_ = 0;
  return child_ > 0;
}

void PlaceSweeper::tend(std::int64_t now_ns) {
  if (is_sweeping() || now_ns < due_ns_) return;
  due_ns_ = now_ns + sweep_interval_ns;
  if (owners_.empty()) return;
  const pid_t self = getpid();
  const pid_t child = fork();
  if (child == 0) run_child(target_, owners_, self);
  if (child < 0) return;
  child_ = child;
  owners_.clear();
}

}  // namespace errand::launchpad
