// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// What the place shows of a job, and what its engine says: the two inputs of the status function,
/// gathered elsewhere. Plain values; nothing here or in status.h does any input or output.
namespace errand::status {

struct FirstFailure {
  std::uint64_t task = 0;
  std::string message;
};

/// What the place shows.
struct Evidence {
  bool place_readable = true;  ///< it could be read and has its marker
  std::string place_problem;   ///< why not
  bool exists = true;          ///< the job's directory is there
  std::string deleted;         ///< from its tombstone: "deleted 2 hours ago: results fetched"; else empty

  bool verdict_canceled = false;
  bool cancel_requested = false;  ///< and no verdict answers it

  std::uint64_t total = 0;   ///< tasks so far
  bool closed = true;        ///< no more tasks will come
  std::uint64_t values = 0;  ///< tasks whose counting outcome is a value
  std::uint64_t errors = 0;  ///< ... any failure but given up
  std::uint64_t given_up = 0;
  std::uint64_t durable = 0;       ///< counting outcomes that would survive a power cut
  std::uint64_t to_run_again = 0;  ///< tasks voided by a retry and without a new outcome
  bool continue_on_failure = true;
  std::optional<FirstFailure> first_failure;

  bool engine_id_recorded = true;  ///< a local job needs none: the manifest itself is the record
  bool submitter_alive = false;
  std::int64_t age_ns = 0;  ///< since it was about to be handed to the engine; only where no id is recorded
  bool worker_log_exists = false;

  std::uint64_t running_tasks = 0;  ///< tasks in hand by live workers, for the progress
};

/// What the engine says of the job's chunks, or of its tasks' workers.
struct EngineReport {
  std::uint64_t alive = 0;
  std::uint64_t waiting = 0;         ///< not started, or to be started again
  std::uint64_t gone = 0;            ///< ended for good, visibility delay over
  std::uint64_t ended_recently = 0;  ///< ended, still within the visibility delay
  std::uint64_t forgotten = 0;       ///< the engine answered and does not know them
  bool silent = false;               ///< it could not be asked within its patience
  bool started = false;              ///< at least one chunk ever started
  std::string reason;                ///< in plain words: "waiting for a free core", "Resources"
  std::string blocked;               ///< why it cannot leave the queue by itself; else empty
  std::string asked;             ///< how old its answer is: "slurm was asked 3 s ago"; empty: it is of now
  std::string engine = "local";  ///< its name, for sentences

  /// Only asked where no engine id is on disk: does the engine find a job of our name?
  enum class Search { not_asked, found, not_there, silent } search = Search::not_asked;
};

/// How long a submission may take between publishing the job and recording the engine's id.
inline constexpr std::int64_t submit_patience_ns = 60'000'000'000;

}  // namespace errand::status
