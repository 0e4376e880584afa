// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "database/connection.h"
#include "database/target.h"
#include "errand/error.h"

namespace errand::database {

/// A connection that comes back: whoever finds it lost opens it again, within `reconnect_patience`.
/// Thread-safe; one statement at a time. A child that is forked while another thread waits for an answer
/// begins with a session of its own, too.
class Session {
 public:
  explicit Session(Target target);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// Runs the statement, again if the session was lost meanwhile: it may then have been carried out twice.
  /// Statements that write are made so that the second time changes nothing, or fails with `exists`.
  /// `repeated`: whether that happened.
  Result<Rows> run(std::string_view statement, const Parameters& parameters, bool* repeated = nullptr);
  /// Several calls of one session with nothing in between; begins anew if the session is lost.
  Result<void> with(const std::function<Result<void>(Connection&)>& work, bool* repeated = nullptr);

  [[nodiscard]] const Target& target() const { return target_; }
  /// Counts the connections made: what belonged to a session (locks) is gone when it changes.
  [[nodiscard]] std::uint64_t generation() const;
  /// Counts the questions asked, the one under way included.
  [[nodiscard]] std::uint64_t asked() const { return asked_; }

 private:
  friend class LiveSessions;
  Result<void> connect();
  const Target target_;
  mutable std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
  pid_t process_ = 0;  ///< whose connection it is: a forked child must not speak on its parent's
  std::uint64_t generation_ = 0;
  std::atomic<std::uint64_t> asked_ = 0;
};

/// A connection for the store: nothing that is set for its role or its server cuts it short, what it commits
/// is on disk, and it plans by key. Errors: as Connection::open.
[[nodiscard]] Result<std::unique_ptr<Connection>> open_connection(const Target& target);
/// The same, trying again while the server is starting.
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_patiently(const Target& target);

}  // namespace errand::database
