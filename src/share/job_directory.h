// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "errand/error.h"
#include "journal/record.h"
#include "share/manifest.h"
#include "share/names.h"
#include "share/place.h"
#include "share/progress_page.h"
#include "share/seal.h"
#include "share/submission_record.h"
#include "share/task_source.h"

namespace errand::share {

/// One job's directory as it was when last listed. Cheap to open; reads what it is asked for. Not
/// thread-safe.
class JobDirectory {
 public:
  /// Errors: job_missing, place_unreadable, corrupt (a link or a file stands in its place).
  static Result<std::unique_ptr<JobDirectory>> open(std::shared_ptr<Place> place, const std::string& id);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] std::string path() const { return job_path(id_); }
  [[nodiscard]] Place& place() const { return *place_; }
  [[nodiscard]] std::shared_ptr<Place> shared_place() const { return place_; }

  /// Lists the directory again.
  Result<void> refresh();
  /// The same for somebody who is about to rely on what is not there: where listings show late, a file is
  /// made and removed in it first, which makes this host ask the file server again.
  Result<void> refresh_from_server();
  [[nodiscard]] const std::vector<JobFileName>& names() const { return names_; }
  /// Entries that are no file of a job directory (planted, or of a newer version): reported by inspect.
  [[nodiscard]] const std::vector<std::string>& strangers() const { return strangers_; }
  [[nodiscard]] std::uint32_t requests() const { return requests_; }
  /// The highest number of a submission to a scheduler; 0: there is none.
  [[nodiscard]] std::uint32_t submissions() const;
  [[nodiscard]] bool has(JobFileName::Kind kind) const;
  [[nodiscard]] std::vector<WorkerKey> logs() const;
  /// The highest claimed generation of the chunk; 0: none.
  [[nodiscard]] std::uint32_t generation(std::uint32_t chunk) const;

  /// Opened on first use and kept. Errors: see TaskSource::open; job_missing once a cancel removed it.
  Result<TaskSource*> tasks();
  /// The manifest alone (also of a canceled job). Once a worker has a log, so that an agent has read all of
  /// the job file, only the file's ends are read.
  Result<const Manifest*> manifest();
  struct Extent {
    std::uint64_t total = 0;
    bool closed = false;  ///< no task will be added
  };
  /// How many tasks there are now, as cheaply as manifest(). A growing job is read on.
  Result<Extent> extent();
  /// A seal that still holds, or nothing.
  [[nodiscard]] std::optional<Seal> seal() const;
  [[nodiscard]] std::optional<Verdict> verdict() const;
  /// Errors: not_found, corrupt.
  [[nodiscard]] Result<Request> request(std::uint32_t number) const;
  [[nodiscard]] Result<Claim> claim(std::uint32_t chunk, std::uint32_t generation) const;
  [[nodiscard]] Result<WorkerProgress> progress(const WorkerKey& key) const;
  /// True if the newest cancel has no verdict yet.
  [[nodiscard]] bool cancel_pending() const;

  [[nodiscard]] Result<SubmissionRecord> submission(std::uint32_t number) const;
  /// Nothing: the scheduler's answer was never recorded.
  [[nodiscard]] std::optional<Acceptance> acceptance(std::uint32_t number) const;

  /// Records what is about to be submitted, durable; gives its number.
  Result<std::uint32_t> add_submission(const SubmissionRecord& record);
  Result<void> write_acceptance(std::uint32_t number, const Acceptance& acceptance);
  /// Adds the next request, durable; gives its number.
  Result<std::uint32_t> add_request(const Request& request);
  /// Claims the generation by exclusive creation; exists: somebody else was first.
  Result<void> add_claim(std::uint32_t chunk, std::uint32_t generation, const Claim& claim);
  Result<void> write_seal(const Seal& seal);
  Result<void> write_verdict(const Verdict& verdict);

 private:
  JobDirectory(std::shared_ptr<Place> place, std::string id) : place_(std::move(place)), id_(std::move(id)) {}
  [[nodiscard]] const TaskOutline* outline();
  [[nodiscard]] Result<std::string> read_record(const std::string& name, journal::RecordType type,
                                                std::uint64_t limit) const;
  Result<void> write_record(const std::string& name, journal::RecordType type, const std::string& body,
                            bool durable, bool replace, WorkerKey key = {});

  std::shared_ptr<Place> place_;
  std::string id_;
  std::vector<JobFileName> names_;
  std::vector<std::string> strangers_;
  std::uint32_t requests_ = 0;
  std::unique_ptr<TaskSource> tasks_;
  std::optional<TaskOutline> outline_;
};

/// Publishes a job so that it is there whole or not at all: written under staging/, synced, renamed to
/// jobs/, the parent synced. `content` is the `job` file. `keep_open`: gives the job file, still open for
/// appending (growing jobs). Errors leave nothing visible.
[[nodiscard]] Result<std::unique_ptr<system::File>> publish_job(Place& place, const Manifest& manifest,
                                                                std::string_view content);
/// The same with a content too large to be in memory at once: `write` appends it to the file.
using JobContent = std::function<Result<void>(system::File&)>;
[[nodiscard]] Result<std::unique_ptr<system::File>> publish_job(Place& place, const Manifest& manifest,
                                                                const JobContent& write);

}  // namespace errand::share
