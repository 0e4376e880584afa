// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <memory>
#include <set>
#include <string>

#include "database/connection.h"
#include "system/files.h"

namespace errand::database {

/// Told of changes by NOTIFY, in a session of its own. After a lost session everything watched is reported as
/// overflow: what was notified meanwhile is not known. Only jobs' directories can be watched.
class DatabaseWatch final : public system::Watch {
 public:
  static Result<std::unique_ptr<system::Watch>> open(const Target& target);

  Result<void> add(const std::string& directory) override;
  void remove(const std::string& directory) override;
  Result<std::vector<system::Change>> wait(std::optional<std::chrono::milliseconds> timeout) override;
  [[nodiscard]] int descriptor() const override { return connection_->descriptor(); }

 private:
  explicit DatabaseWatch(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  Result<std::vector<system::Change>> begin_again();
  Result<std::vector<system::Change>> arrived();

  std::unique_ptr<Connection> connection_;
  pid_t process_ = getpid();  ///< a forked child gets a connection of its own
  std::set<std::string> directories_;
  std::string unlistened_;  ///< what the server is still to be told
};

}  // namespace errand::database
