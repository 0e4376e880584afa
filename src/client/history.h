// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "errand/error.h"
#include "errand/job.h"
#include "system/processes.h"

/// What this user's state directory remembers of submissions: every place that was ever used, and the
/// last job of each terminal session. A convenience: nothing here may fail a submission, so callers may
/// drop the errors.
namespace errand::client {

/// After a submission: notes its place and makes the job the last one of this session. Thread-safe.
Result<void> record_submission(const std::string& id, const std::string& place);

/// The last job that this process submitted, else the last one of this terminal session. Thread-safe.
[[nodiscard]] std::optional<JobRef> last_of_this_session();

/// Adds a place to the list if it is not there yet. Costs nothing the second time in a process.
/// Errors: invalid_argument (no absolute path, no database's name), place_unwritable, no_space, system.
Result<void> note_place(const std::string& place);

/// Every place this user submitted to, oldest first, each once. Databases by their name; the options they
/// were reached with are recalled (database/target.h). Errors: place_unreadable, system.
[[nodiscard]] Result<std::vector<std::string>> known_places();

/// The leader of this process's session if it has a terminal; nothing in a daemon.
[[nodiscard]] std::optional<system::ProcessId> terminal_session(const system::Processes& processes);

/// The same for a given state directory and session. Thread-safe.
class History {
 public:
  History(std::string directory, std::optional<system::ProcessId> session, system::Processes& processes)
      : directory_(std::move(directory)), session_(std::move(session)), processes_(processes) {}

  Result<void> record_submission(const std::string& id, const std::string& place);
  [[nodiscard]] std::optional<JobRef> last();
  Result<void> note_place(const std::string& place);
  [[nodiscard]] Result<std::vector<std::string>> known_places() const;

 private:
  Result<void> write_last(const JobRef& job);
  [[nodiscard]] std::optional<JobRef> read_last() const;
  void sweep_dead_sessions();

  std::mutex mutex_;
  std::string directory_;
  std::optional<system::ProcessId> session_;
  system::Processes& processes_;
  std::optional<JobRef> last_;
  std::set<std::string> noted_;
  bool swept_ = false;
};

}  // namespace errand::client
