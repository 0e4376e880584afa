// SPDX-License-Identifier: Apache-2.0
#include "database/database_watch.h"

#include <poll.h>

#include <utility>

#include "database/session.h"
#include "database/tree_path.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::string_view channel_prefix = "errand_";

/// The channel's characters are those of an id: nothing to quote but its case.
std::string listen(const std::string& directory) {
  return "listen \"" + channel_of(directory) + "\"";
}

}  // namespace

Result<std::unique_ptr<system::Watch>> DatabaseWatch::open(const Target& target) {
  TRY(auto connection, Connection::open(target));
  TRY_VOID(lift_limits(*connection));
  return std::unique_ptr<system::Watch>(new DatabaseWatch(std::move(connection)));
}

Result<void> DatabaseWatch::add(const std::string& directory) {
  if (channel_of(directory).empty()) {
    return Error{ErrorCode::not_supported, directory + " cannot be watched in a database", false, "", 0};
  }
  directories_.insert(directory);
  if (process_ != getpid()) {
    const Target target = connection_->target();
    (void)connection_.release();
    TRY(connection_, connect_patiently(target));
    TRY_VOID(lift_limits(*connection_));
    process_ = getpid();
    unlistened_.clear();
  }
  auto listening = connection_->run_script(std::exchange(unlistened_, {}) + listen(directory));
  if (listening || !connection_->is_lost()) return listening;
  TRY(auto missed, begin_again());  // nobody has looked yet: there is nothing to be told again
  return {};
}

/// The server is told with the next question: whoever has what he waited for need not wait for that as well.
void DatabaseWatch::remove(const std::string& directory) {
  if (directories_.erase(directory) > 0) unlistened_ += "un" + listen(directory) + ";";
}

Result<std::vector<system::Change>> DatabaseWatch::begin_again() {
  TRY(connection_, connect_patiently(connection_->target()));
  TRY_VOID(lift_limits(*connection_));
  unlistened_.clear();
  std::vector<system::Change> changes;
  for (const std::string& directory : directories_) {
    TRY_VOID(connection_->run_script(listen(directory)));
    changes.push_back({system::Change::Kind::overflow, directory, ""});
  }
  return changes;
}

Result<std::vector<system::Change>> DatabaseWatch::arrived() {
  auto notified = connection_->notifications();
  if (!notified)
    return connection_->is_lost() ? begin_again() : Result<std::vector<system::Change>>(notified.error());
  std::vector<system::Change> changes;
  for (const Notification& one : *notified) {
    if (!one.channel.starts_with(channel_prefix)) continue;
    const std::string directory = "jobs/rxJob_" + one.channel.substr(channel_prefix.size());
    if (!directories_.contains(directory)) continue;
    const bool gone = one.payload.empty();
    changes.push_back(
        {gone ? system::Change::Kind::removed : system::Change::Kind::modified, directory, one.payload});
  }
  return changes;
}

Result<std::vector<system::Change>> DatabaseWatch::wait(std::optional<std::chrono::milliseconds> timeout) {
  TRY(std::vector<system::Change> changes, arrived());
  if (!changes.empty()) return changes;
  pollfd readable{connection_->descriptor(), POLLIN, 0};
  if (poll(&readable, 1, timeout ? static_cast<int>(timeout->count()) : -1) <= 0) return changes;
  return arrived();
}

}  // namespace errand::database
