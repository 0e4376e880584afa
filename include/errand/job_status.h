// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace errand {

/// The seven words of a job's life, spelled the same in every front end.
enum class JobStatus : std::uint8_t {
  queued,        ///< something waits, nothing has started
  running,       ///< something has started and more is to come
  finished,      ///< every result can be read and would survive a power cut
  failed,        ///< it ended without what was asked for; the reason says why
  canceled,      ///< canceled by our own request
  missing,       ///< the place was read and has no such job
  undetermined,  ///< nobody who knows could be asked, or the scheduler has forgotten
};

[[nodiscard]] std::string_view to_string(JobStatus status) noexcept;

/// The status of that name (case ignored), or nothing.
[[nodiscard]] std::optional<JobStatus> parse_job_status(std::string_view word) noexcept;

/// How far a job is, in tasks. succeeded + failed + running + waiting <= total (tasks of a
/// canceled job are neither).
struct Progress {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;  ///< user errors and tasks given up
  std::uint64_t running = 0;
  std::uint64_t waiting = 0;
  std::uint64_t total = 0;

  bool operator==(const Progress&) const = default;
};

/// A status with the reason in plain words and the progress: what get_job_status returns.
struct StatusReport {
  JobStatus status = JobStatus::undetermined;
  std::string reason;  ///< never empty; "queued: waiting for a free core", "failed: task 17: ..."
  Progress progress;
};

/// True for the words after which nothing changes unless someone asks: finished, failed, canceled,
/// missing.
[[nodiscard]] bool is_settled(JobStatus status) noexcept;

}  // namespace errand
