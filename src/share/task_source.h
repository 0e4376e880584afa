// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "errand/buffer.h"
#include "errand/error.h"
#include "share/manifest.h"
#include "system/files.h"

namespace errand::share {

/// The `job` file: manifest, shared arguments, function and tasks. Reads what is there; refresh() sees
/// what a growing job has got since. Not thread-safe.
class TaskSource {
 public:
  /// Errors: not_found, corrupt, version_mismatch, foreign_owner (the file's owner is neither this user
  /// nor in `trusted`). `files` has to outlive it.
  static Result<std::unique_ptr<TaskSource>> open(system::Files& files, const std::string& job_path,
                                                  const std::vector<std::string>& trusted = {});

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] Codec arguments_codec() const { return arguments_codec_; }
  [[nodiscard]] std::span<const std::byte> arguments() const { return arguments_; }
  [[nodiscard]] Codec function_codec() const { return function_codec_; }
  [[nodiscard]] std::span<const std::byte> function() const { return function_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] bool closed() const { return closed_; }

  /// Looks for further tasks. Errors: corrupt.
  Result<void> refresh();

  /// One task's own arguments; empty if it has none. Fast when asked in ascending order.
  /// Errors: invalid_argument (task >= total), corrupt. The bytes live until refresh().
  Result<std::span<const std::byte>> task(std::uint64_t index);

 private:
  struct Run {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint64_t offset = 0;  ///< of the body's first entry, in the file
    std::uint64_t end = 0;
    bool bare = false;  ///< tasks without own arguments
  };
  TaskSource(system::Files& files, std::string path, std::vector<std::string> trusted)
      : files_(files), path_(std::move(path)), trusted_(std::move(trusted)) {}
  Result<system::FileInfo> open_file();
  Result<void> read_to(std::uint64_t size);
  [[nodiscard]] bool growing() const { return manifest_.growing && !closed_; }
  Result<void> take(std::span<const std::byte> bytes, std::uint64_t base);

  system::Files& files_;
  const std::string path_;
  const std::vector<std::string> trusted_;
  std::unique_ptr<system::File> file_;  ///< while there may be more
  std::uint64_t inode_ = 0;
  Buffer view_;
  std::uint64_t good_end_ = 0;
  Manifest manifest_;
  Codec arguments_codec_ = Codec::none;
  std::span<const std::byte> arguments_;
  Buffer head_;  ///< keeps arguments_ and function_ alive across refresh()
  Codec function_codec_ = Codec::none;
  std::span<const std::byte> function_;
  std::vector<Run> runs_;
  std::uint64_t total_ = 0;
  bool closed_ = false;
  std::size_t cursor_run_ = 0;  ///< position of the last task() answer
  std::uint64_t cursor_task_ = ~std::uint64_t{0};
  std::uint64_t cursor_offset_ = 0;
};

/// What a status needs of a `job` file. The tasks between its two ends are not read.
struct TaskOutline {
  Manifest manifest;
  std::uint64_t total = 0;
};

/// Reads the two ends of the file: its cost does not grow with the tasks. Nothing for a job that grows, and
/// for a file that is not as a submission leaves it: TaskSource tells what is wrong with it.
[[nodiscard]] std::optional<TaskOutline> read_outline(system::Files& files, const std::string& job_path);

/// Builds the content of a `job` file, in order: header, manifest, arguments, function, tasks, closed.
class JobFileBuilder {
 public:
  explicit JobFileBuilder(const Manifest& manifest);
  void arguments(Codec codec, std::string_view bytes);
  void function(Codec codec, std::string_view bytes);
  /// `count` tasks without own arguments.
  void bare_tasks(std::uint64_t count);
  /// One task with its own arguments; runs are cut at 4,096 tasks or 1 MiB.
  void task(std::string_view arguments);
  void close();
  /// Appends what was built to `file`, whose bytes begin their way to the disk, and keeps the memory. Large
  /// jobs are written while they are built. Errors: those of File::append.
  Result<void> write_to(system::File& file);
  /// Bytes that write_to() or take() would give; 0 within a run of tasks.
  [[nodiscard]] std::size_t ready() const { return run_count_ == 0 ? out_.size() : 0; }
  /// What was built since the last take().
  [[nodiscard]] std::string take();
  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// Continues an existing file that has `total` tasks.
  static JobFileBuilder continuing(std::uint64_t total);

 private:
  JobFileBuilder() = default;
  void end_run();

  std::string out_;
  std::size_t run_position_ = 0;
  std::uint64_t run_count_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace errand::share
