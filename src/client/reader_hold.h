// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "errand/error.h"
#include "share/job_directory.h"
#include "system/files.h"

namespace errand::client {

/// Says that this process is reading a job's results, so that no other reader removes them meanwhile.
///
/// A hold is a file fetched.hold-<unique> of the reader's own under a POSIX record lock, which the kernel
/// drops when the process dies: a hold whose lock is free belongs to nobody, and the next reader sweeps it
/// away. One process has one hold per job, shared by its threads (locks do not tell threads apart, and a
/// second descriptor closed would drop the first one's lock).
/// What stays after a fetch without cleanup is the mark fetched.<user and host>.
class ReaderHold {
 public:
  /// Holds nothing yet.
  explicit ReaderHold(share::JobDirectory& job) : job_(job) {}
  ReaderHold(const ReaderHold&) = delete;
  ReaderHold& operator=(const ReaderHold&) = delete;
  ~ReaderHold();

  /// For a job that takes time to read. What is read in a moment needs none: whoever comes between finds the
  /// job gone, as he would have a moment later. Never fails: where there can be none (a place that cannot be
  /// written) is_alone() is false.
  void take();
  /// True if no other thread or process holds the job now; of a hold that was not taken, as the job was
  /// listed.
  [[nodiscard]] bool is_alone();
  /// The job was removed, and the hold with it.
  void job_is_gone() { job_is_gone_ = true; }
  /// Leaves the mark that the results were fetched. A convenience: errors are dropped.
  void mark_fetched();

  struct Shared;

 private:
  [[nodiscard]] bool is_alone_here() const;

  share::JobDirectory& job_;
  std::shared_ptr<Shared> shared_;  ///< none: not taken
  bool job_is_gone_ = false;
};

}  // namespace errand::client
