// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "errand/error.h"
#include "journal/outcome.h"
#include "share/progress_page.h"
#include "system/files.h"
#include "worker/console_trim.h"

namespace errand::worker {

/// The worker's standard output and error as one file, and which task wrote what.
///
/// Both descriptors share one open description that appends, so children's text is seen, too. Between
/// tasks its offset is set to a value that no file ends at: as long as it is still there, nothing was
/// written. Asking costs two system calls, more than a small task takes; so a task that was over sooner
/// than the emptiest system call, and left nothing in the streams' buffers, is known to have written
/// nothing and is not asked.
class Console {
 public:
  /// Creates the file and puts it in the place of descriptors 0 (/dev/null), 1 and 2. `limit`: text kept
  /// per task. Errors: exists, no_space, place_unwritable, system.
  static Result<std::unique_ptr<Console>> open(system::Files& files, const std::string& path,
                                               std::uint64_t limit,
                                               std::shared_ptr<share::ProgressPage> page);

  /// What came since the last task ended belongs to no task.
  void begin_range();
  /// The text of the task that has just ended, whose own code took `ticks` (see ticks.h), if it wrote any.
  /// Flushes the C and C++ streams; puts closed or redirected descriptors back.
  std::optional<journal::ConsoleSpan> end_task(std::uint64_t ticks);

 private:
  Console(std::unique_ptr<system::File> file, std::uint64_t limit, std::shared_ptr<share::ProgressPage> page)
      : file_(std::move(file)), page_(std::move(page)), trim_(limit) {}

  [[nodiscard]] bool is_unmoved() const;
  [[nodiscard]] bool is_ours(int descriptor) const;
  void take_over();
  void restore();
  std::uint64_t settle();

  std::unique_ptr<system::File> file_;  ///< its descriptor is the one that tasks do not know
  std::shared_ptr<share::ProgressPage> page_;
  ConsoleTrim trim_;
  std::uint64_t end_ = 0;
  std::uint64_t shortest_call_ = 0;  ///< in ticks
};

}  // namespace errand::worker
