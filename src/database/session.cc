// SPDX-License-Identifier: Apache-2.0
#include "database/session.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <optional>
#include <set>
#include <thread>

#include "system/try.h"

namespace errand::database {
namespace {

using Milliseconds = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// A restart after a crash takes a server one or two seconds.
constexpr Milliseconds reconnect_patience{10'000};
constexpr Milliseconds first_pause{20};
constexpr Milliseconds longest_pause{500};
/// A session that is lost again and again is cut by something that will do so for ever.
constexpr int most_repeats = 20;

/// What a role or a server may have set for people's sessions would cut a fetch short, end a session that
/// waits, or acknowledge a submission that a power cut takes back.
constexpr const char* no_limits =
    "set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0; "
    "set synchronous_commit = on; ";
/// For sessions whose statements are all the store's own: each names its rows by a key, and jobs come and go
/// faster than the server counts rows, so that a plan made from its counts reads whole tables, dead rows and
/// all. By a key there is one plan, whatever the key: made anew for each, it took as long as the answer. And
/// it is not worth compiling.
constexpr const char* plan_by_key =
    "set enable_seqscan = off; set jit = off; set plan_cache_mode = force_generic_plan";
/// Of servers from 14 and 17 on.
constexpr const char* no_idle_limit = "; set idle_session_timeout = 0";
constexpr const char* no_transaction_limit = "; set transaction_timeout = 0";

}  // namespace

/// Every session of this process. A thread may hold a session's mutex for as long as a server takes to
/// answer; in a child that is forked meanwhile that thread is not there, and nobody would ever let the mutex
/// go.
class LiveSessions {
 public:
  static LiveSessions& get() {
    static LiveSessions& all = *new LiveSessions;  // never destroyed: threads may run while the process ends
    return all;
  }
  void add(Session* session) {
    const std::lock_guard lock(mutex_);
    sessions_.insert(session);
  }
  void remove(Session* session) {
    const std::lock_guard lock(mutex_);
    sessions_.erase(session);
  }

 private:
  LiveSessions() {
    pthread_atfork([] { get().mutex_.lock(); }, [] { get().mutex_.unlock(); },
                   [] { get().begin_in_child(); });
  }
  /// The child has one thread, which is here.
  void begin_in_child() {
    for (Session* session : sessions_) new (&session->mutex_) std::mutex;
    mutex_.unlock();
  }

  std::mutex mutex_;
  std::set<Session*> sessions_;
};

Session::Session(Target target) : target_(std::move(target)) {
  LiveSessions::get().add(this);
}

Session::~Session() {
  LiveSessions::get().remove(this);
}

Result<std::unique_ptr<Connection>> open_connection(const Target& target) {
  for (int tries = 0;; ++tries) {
    TRY(auto connection, Connection::open(target));
    std::string settings = std::string(no_limits) + plan_by_key;
    if (connection->server_version() >= 14'00'00) settings += no_idle_limit;
    if (connection->server_version() >= 17'00'00) settings += no_transaction_limit;
    auto set = connection->run_script(settings);
    if (set) return connection;
    // The server was there a moment ago.
    if (!connection->is_lost() || tries == most_repeats) return std::move(set).error();
  }
}

Result<std::unique_ptr<Connection>> connect_patiently(const Target& target) {
  const auto begin = SteadyClock::now();
  Milliseconds pause = first_pause;
  while (true) {
    auto connection = open_connection(target);
    if (connection || !connection.error().transient) return connection;
    if (SteadyClock::now() - begin + pause > reconnect_patience) return connection;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, longest_pause);
  }
}

Result<void> Session::connect() {
  if (connection_ && process_ != getpid()) (void)connection_.release();  // closing it would end the parent's
  if (connection_ && !connection_->is_lost()) return {};
  // The first connection of all is not waited for: a server that is not there is an answer.
  const bool first = generation_ == 0;
  connection_.reset();
  TRY(connection_, first ? open_connection(target_) : connect_patiently(target_));
  process_ = getpid();
  ++generation_;
  return {};
}

Result<void> Session::with(const std::function<Result<void>(Connection&)>& work, bool* repeated) {
  const std::lock_guard lock(mutex_);
  ++asked_;
  for (int tries = 0;; ++tries) {
    TRY_VOID(connect());
    Result<void> done = work(*connection_);
    if (done || !connection_->is_lost() || tries == most_repeats) return done;
    if (repeated != nullptr) *repeated = true;
  }
}

Result<Rows> Session::run(std::string_view statement, const Parameters& parameters, bool* repeated) {
  std::optional<Rows> rows;
  TRY_VOID(with(
      [&](Connection& connection) -> Result<void> {
        TRY(rows, connection.run(statement, parameters));
        return {};
      },
      repeated));
  return *std::move(rows);
}

std::uint64_t Session::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

}  // namespace errand::database
