// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "errand/error.h"
#include "journal/outcome.h"
#include "journal/record.h"
#include "share/job_directory.h"

namespace errand::share {

/// Which outcome counts for each task, read from all logs of a job. The rule, the same for every reader:
/// an outcome counts if it lies within the length that the highest claim of its chunk accepts of its log
/// (all of it for that claim's own logs), and its attempt is not voided by a retry; of several, the
/// highest attempt, then the lowest (chunk, generation, worker, offset).
/// refresh() reads only what is new. Memory: 8 bytes per task beside the mapped logs. Not thread-safe.
class OutcomeIndex {
 public:
  explicit OutcomeIndex(JobDirectory& job) : job_(job) {}

  /// Told of each task that got its first counting outcome, or a better one.
  using Arrived = std::function<void(std::uint64_t task)>;

  /// Lists the directory again, reads new logs and new records. `total`: tasks of the job.
  /// Errors: place_unreadable, version_mismatch. Bad bytes are no error: see problems().
  Result<void> refresh(std::uint64_t total, const Arrived& arrived = {});
  /// The same, of the directory as it was listed last.
  Result<void> read_listed(std::uint64_t total, const Arrived& arrived = {});

  struct Counts {
    std::uint64_t values = 0;
    std::uint64_t errors = 0;  ///< every failure but given up
    std::uint64_t given_up = 0;
    std::uint64_t durable = 0;  ///< of the counting outcomes
    [[nodiscard]] std::uint64_t all() const { return values + errors + given_up; }
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] bool has(std::uint64_t task) const { return task < places_.size() && places_[task] != 0; }
  [[nodiscard]] bool is_durable(std::uint64_t task) const;

  struct Found {
    journal::OutcomeHead outcome;
    WorkerKey worker;
    const Buffer* log;  ///< the bytes that outcome.inline_bytes lies in; copy it to keep them
  };
  /// The outcome that counts, or nothing. Its spans live until refresh().
  [[nodiscard]] std::optional<Found> find(std::uint64_t task) const;
  /// The lowest task whose counting outcome is a failure.
  [[nodiscard]] std::optional<TaskFailure> first_failure() const;
  /// Tasks in [0, total) without a counting outcome, as [first, last) runs.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> missing(std::uint64_t total) const;
  /// The lowest attempt number with which `task` may be started now (after retries).
  [[nodiscard]] std::uint32_t first_attempt(std::uint64_t task) const;

  /// Tasks that a retry voided and that have no new outcome. O(tasks) after a retry, else O(1).
  [[nodiscard]] std::uint64_t voided() const;

  /// Starts of a task that were lost since its last retry, from the owners' logs.
  struct Lost {
    std::uint32_t counted = 0;  ///< against the allowed number of starts
    std::uint32_t uncounted = 0;
    std::uint32_t next_attempt = 0;
    std::string reason;  ///< of the last one
  };
  [[nodiscard]] const std::map<std::uint64_t, Lost>& lost_starts() const { return lost_; }
  /// What could not be read: file, offset, why.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Undurable {
    std::uint64_t end = 0;  ///< of an outcomes record that no sync mark covers yet
    std::uint64_t counting = 0;
  };
  struct Log {
    WorkerKey key;
    std::unique_ptr<system::File> file;
    Buffer view;
    std::uint64_t good_end = 0;
    std::uint64_t durable_end = 0;
    std::vector<Undurable> undurable;
    bool refused = false;
  };
  struct Voided {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint32_t first_attempt = 0;
  };

  Result<void> read_requests();
  void read_claims();
  void start_over();
  [[nodiscard]] std::uint64_t accepted_length(const WorkerKey& key) const;
  Result<void> read_log(std::size_t index, const Arrived& arrived);
  void note_dropped(Log& log, const std::string& dropped);
  Result<void> take_record(std::size_t index, const journal::Record& record, const Arrived& arrived);
  void take_outcomes(std::size_t index, const journal::Record& record, const Arrived& arrived);
  void take_sync_mark(Log& log, const journal::Record& record);
  void take_voucher(const journal::Record& record);
  void raise_durable_end(Log& log, std::uint64_t end);
  void take(std::size_t index, std::uint64_t offset, const journal::OutcomeHead& outcome,
            const Arrived& arrived);
  void forget_durability(std::uint64_t place);
  void count(const journal::OutcomeHead& outcome, int by);
  [[nodiscard]] journal::OutcomeHead entry(std::uint64_t place) const;

  JobDirectory& job_;
  std::vector<Log> logs_;
  std::vector<std::uint64_t> places_;  ///< (log index + 1) << 44 | offset of the entry; 0: none
  Counts counts_;
  std::map<std::uint64_t, Lost> lost_;
  std::vector<std::string> problems_;
  std::vector<Voided> voided_;
  std::uint32_t requests_seen_ = 0;
  std::map<std::uint32_t, std::uint32_t> generations_seen_;  ///< chunk -> highest claimed
  std::map<std::string, std::uint64_t> accepted_;            ///< log -> accepted length
  std::map<WorkerKey, std::uint64_t> vouched_;               ///< made durable by an owner, up to
};

}  // namespace errand::share
