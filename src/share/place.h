// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"
#include "system/clock.h"
#include "system/files.h"

namespace errand::share {

/// A share directory: where artifacts live. Thread-safe.
class Place {
 public:
  /// Opens it; makes it (mode 0700) when `create`. Errors: place_unreadable (not there, no marker, not a
  /// directory), foreign_owner, version_mismatch, place_unwritable, no_space.
  static Result<std::shared_ptr<Place>> open(const std::string& path, bool create);
  /// The same over any Files, for tests.
  static Result<std::shared_ptr<Place>> open(std::shared_ptr<system::Files> files, std::string path,
                                             bool create, const system::Clock& clock);

  [[nodiscard]] system::Files& files() const { return *files_; }
  [[nodiscard]] const system::Clock& clock() const { return clock_; }
  /// The time by the clock that stamps this place's files; ages of files are differences to it. Hosts' clocks
  /// may disagree with it and with each other, so on a network file system a file is made and removed for it
  /// now and then; where none can be made, this host's clock has to do.
  [[nodiscard]] std::int64_t file_time_ns() const;
  [[nodiscard]] const std::string& path() const { return path_; }  ///< absolute
  [[nodiscard]] const std::string& id() const { return id_; }

  /// Owners beside this user whose jobs may be read from here: names or numeric ids. Nobody at first.
  void trust(std::vector<std::string> owners);
  [[nodiscard]] std::vector<std::string> trusted() const;

  /// The place is a launchpad's, of that user: a copy of jobs that a database keeps. Its job files are
  /// trusted, and nothing is brought to disk. Never asked for by what lies in the place itself.
  void become_scratch(std::uint32_t launchpad);
  /// The same if $ERRAND_LAUNCHPAD says so, which a launchpad sets for its agents, and they for their
  /// workers.
  void heed_launchpad();

  /// Ids of the published jobs, unsorted. Names that are no ids are left out.
  Result<std::vector<std::string>> job_ids() const;
  /// Ids marked as not settled; some may have no job (a submission that never completed).
  Result<std::vector<std::string>> active_ids() const;
  /// Marks a job as not settled, or wakes the agent that watches it. Recorded, not durable.
  Result<void> ring(const std::string& id) const;
  /// The job is settled: agents need not look at it again.
  void clear_active(const std::string& id) const;

  /// Removes a job: rename to trash, tombstone, unlink. `removed` is told the absolute directory.
  /// Errors: job_missing (nothing there), place_unwritable. Safe against a second remover.
  Result<void> remove_job(const std::string& id, std::string_view why,
                          const std::function<void(std::string_view)>& removed = {}) const;
  /// Each of them, in their order: many cost little more than one where the place is a database.
  std::vector<Result<void>> remove_jobs(const std::vector<std::string>& ids, std::string_view why,
                                        const std::function<void(std::string_view)>& removed = {}) const;
  /// The same but for the unlinking: gives the directory in the trash, for Files::remove_tree or empty_trash.
  Result<std::string> discard_job(const std::string& id, std::string_view why) const;
  std::vector<Result<std::string>> discard_jobs(const std::vector<std::string>& ids,
                                                std::string_view why) const;
  /// Unlinks what lies in the trash. Safe against others that do the same.
  void empty_trash() const;
  struct Tombstone {
    std::int64_t time_ns = 0;
    std::string why;
  };
  [[nodiscard]] std::optional<Tombstone> find_tombstone(const std::string& id) const;
  /// Empties trash and staging of what crashes left there, drops tombstones older than 7 days.
  void sweep() const;

 private:
  Place(std::shared_ptr<system::Files> files, std::string path, const system::Clock& clock)
      : files_(std::move(files)), path_(std::move(path)), clock_(clock) {}
  Result<void> create_layout();
  [[nodiscard]] std::int64_t measure_file_time() const;
  Result<void> read_marker();
  void clear_marks(const std::vector<std::string>& ids) const;

  std::shared_ptr<system::Files> files_;
  std::string path_;
  std::string id_;
  const system::Clock& clock_;
  struct FileClock {
    std::int64_t measured = 0;  ///< this host's monotonic time
    std::int64_t ahead = 0;     ///< of that time
  };
  mutable std::mutex file_clock_mutex_;
  mutable std::optional<FileClock> file_clock_;
  mutable std::mutex trusted_mutex_;
  std::vector<std::string> trusted_;
};

/// NAME of the variable that Place::heed_launchpad reads.
inline constexpr std::string_view launchpad_variable = "ERRAND_LAUNCHPAD";

/// Snapshots of programs. `outside` is a file of the operating system, usually /proc/self/exe.
/// Gives the snapshot's hash; copies only what is not there yet (recognised by device, inode, size and
/// times). Without `look` what this process has seen there before is taken to be there still: link_program,
/// or publishing the job, gives not_found if it is not. Errors: no_space, place_unwritable.
[[nodiscard]] Result<std::string> snapshot_program(Place& place, const std::string& outside,
                                                   bool look = true);
/// Gives the job directory being staged its own link to a snapshot (copying when links run out).
[[nodiscard]] Result<void> link_program(Place& place, const std::string& hash, const std::string& to);
/// Removes the snapshots that no job has linked to for ten minutes (sooner, and a client that submits,
/// fetches and cleans up in a loop would copy its program each time).
void release_unused_programs(Place& place);

}  // namespace errand::share
