// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errand/compute_context.h"
#include "errand/error.h"
#include "system/processes.h"

namespace errand::share {

/// How a worker of this job comes to life: the warm parent's command. The local engine appends nothing.
struct WorkerCommand {
  std::vector<std::string> argv;  ///< argv[0]: a path, or "@program" for the job's own snapshot
  bool fork = true;               ///< tasks run in children forked from a warm parent
};

/// Everything about a submission except arguments and tasks: body of the `manifest` record (MessagePack
/// map; unknown keys are kept out and ignored).
struct Manifest {
  std::string id;
  std::string language = "c++";  ///< "c++", "program", "python", "r"
  std::string function;          ///< registered name; the command line for programs
  std::string signature;
  std::string result_type;
  std::vector<std::string> command;  ///< a program's argv template
  std::string program_hash;          ///< of the snapshot in programs/; empty: none
  std::string program_path;          ///< what was snapshotted, for people
  WorkerCommand worker;
  ComputeContext context;
  std::string working_directory;
  std::vector<std::string> environment;  ///< NAME=value, the recorded list
  std::optional<std::uint64_t> seed;
  std::uint64_t chunk_size = 0;  ///< 0: guided
  bool continue_on_failure = true;
  bool growing = false;
  std::int64_t created_ns = 0;
  std::string user;
  std::uint32_t umask = 022;
  system::ProcessId submitter;  ///< also the world a local job belongs to
  std::string submitter_version;
};

[[nodiscard]] std::string encode(const Manifest& manifest);
/// Errors: corrupt.
[[nodiscard]] Result<Manifest> decode_manifest(std::string_view body);

/// A request to a job: body of request.<n>.
struct Request {
  enum class Kind : std::uint8_t { cancel, retry, cancel_tasks };
  Kind kind = Kind::cancel;
  std::int64_t time_ns = 0;
  std::string user;
  std::string host;
  /// retry: the tasks to run again as [first, last) pairs, and the attempt numbers they start from: an
  /// outcome of one of these tasks with a lower attempt no longer counts. cancel_tasks: the tasks.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> tasks;
  std::uint32_t first_attempt = 0;
};
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] Result<Request> decode_request(std::string_view body);

/// What became of a cancel: body of `verdict`.
struct Verdict {
  bool canceled = true;  ///< false: every task had an outcome; too late
  std::int64_t time_ns = 0;
  std::string user;
  std::uint32_t request = 0;  ///< which request it answers
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t total = 0;
};
[[nodiscard]] std::string encode(const Verdict& verdict);
[[nodiscard]] Result<Verdict> decode_verdict(std::string_view body);

/// Ownership of a chunk's generation: body of claim.<chunk>.<generation>. It exists whole or not at all.
struct Claim {
  system::ProcessId owner;
  std::int64_t time_ns = 0;
  /// For every log of an earlier generation of the chunk, how many of its bytes count. `all`: its
  /// writer still lives and finishes the task it holds, which nobody else is given meanwhile.
  struct Accepted {
    std::string log;
    std::uint64_t length = 0;
    static constexpr std::uint64_t all = ~std::uint64_t{0};
  };
  std::vector<Accepted> accepted;
};
[[nodiscard]] std::string encode(const Claim& claim);
[[nodiscard]] Result<Claim> decode_claim(std::string_view body);

/// A start that ended without an outcome: body of `lost`, in the owner's log.
struct LostStart {
  std::uint64_t task = 0;
  std::uint32_t attempt = 0;
  std::string reason;  ///< "killed by signal 9 (out of memory)"
  bool counts = true;  ///< against the allowed number of starts
};
[[nodiscard]] std::string encode(const LostStart& lost);
[[nodiscard]] Result<LostStart> decode_lost(std::string_view body);

}  // namespace errand::share
