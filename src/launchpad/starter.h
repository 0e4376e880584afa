// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "errand/error.h"
#include "system/descriptor.h"

namespace errand::launchpad {

/// Root's alone. Two launchpads of one host share the identities: whoever holds the lock has it, until all it
/// started is dead.
inline constexpr const char* lock_folder = "/run/errand-launchpad";

/// One of the users that tasks run as, with a scratch place of its own.
struct Identity {
  int number = 0;  ///< 0: this process's own user; k: the user errand-w<k>
  std::string user;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string
      folder;  ///< absolute: holds the scratch place, home and temporary directory; wiped between owners
  std::vector<std::string> agent_environment;
  std::uint64_t most_processes = 0;  ///< and threads, of that user; 0: as many as the system lets it have

  [[nodiscard]] std::string place() const { return folder + "/place"; }
  [[nodiscard]] std::string home() const { return folder + "/home"; }
  [[nodiscard]] std::string temporary() const { return folder + "/tmp"; }
  /// errand_w<k>: the role that stands for it in the database.
  [[nodiscard]] std::string role() const { return "errand_w" + std::to_string(number); }
};

/// The launchpad's one helper with rights: a child that stays what its parent was (root), knows nothing of
/// databases and is told three words about identities that were fixed when it began. It holds what is
/// started, so that all of it ends when the launchpad ends, however that comes.
class Starter {
 public:
  /// Forks it off. Call before there are threads or connections: it would hold them open. `scratch`:
  /// absolute.
  static Result<Starter> fork_off(std::vector<Identity> identities, std::string scratch, std::string command);

  /// Starts the local agent of the identity's place, as that user. Harmless if there is one.
  Result<void> start_agent(const Identity& identity) { return ask("start", identity); }
  /// Ends every process of the identity. Errors: some live still.
  Result<void> end_processes(const Identity& identity) { return ask("end", identity); }
  /// Ends every process of the identity, and removes its folder and what it left in /tmp and the like.
  /// Errors: something of it lives or is there still; it must not serve anybody else.
  Result<void> wipe(const Identity& identity) { return ask("wipe", identity); }
  /// Readable when the starter is gone: the launchpad can do nothing any more.
  [[nodiscard]] int descriptor() const { return channel_.get(); }

 private:
  explicit Starter(system::Descriptor channel) : channel_(std::move(channel)) {}
  Result<void> ask(const char* what, const Identity& identity);

  system::Descriptor channel_;
};

}  // namespace errand::launchpad
