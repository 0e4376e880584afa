// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "database/block_file.h"
#include "database/session.h"
#include "system/files.h"

namespace errand::database {

/// A submission before it is published: a job file in memory, which goes to the tables when it grows too
/// large for that, and a link to a program. Publishing is one transaction.
class StagedJob : public std::enable_shared_from_this<StagedJob> {
 public:
  StagedJob(std::shared_ptr<Session> session, std::string owner, std::string id)
      : session_(std::move(session)), owner_(std::move(owner)), id_(std::move(id)) {}

  /// The one file that a submission writes. Errors: exists.
  Result<std::unique_ptr<system::File>> create(const std::string& file);
  /// Remembers that the job links to `program` (its path in the place).
  void link_program(const std::string& program) { program_ = program; }
  void mark_active() { active_ = true; }
  /// The job appears under jobs/. Its open file goes on there.
  Result<void> publish(const std::string& job_directory);
  /// Whatever of it is in the tables goes.
  void discard();

 private:
  friend class StagedFile;
  Result<void> append(std::span<const std::byte> bytes);
  Result<void> spill();
  Result<void> publish_in_memory(const std::string& job_directory);
  Result<void> publish_spilled(const std::string& job_directory);
  Result<bool> is_published(const std::string& job_directory);

  std::shared_ptr<Session> session_;
  std::string owner_;
  std::string id_;
  std::string file_;
  std::string content_;                ///< what is not in the tables yet
  std::unique_ptr<BlockFile> blocks_;  ///< once it is spilled, or published
  std::string program_;
  bool active_ = false;
  bool published_ = false;
};

/// The submissions under way in one tree. Thread-safe.
class Staging {
 public:
  Staging(std::shared_ptr<Session> session, std::string owner)
      : session_(std::move(session)), owner_(std::move(owner)) {}
  Result<void> make(const std::string& directory);
  [[nodiscard]] std::shared_ptr<StagedJob> find(const std::string& directory);
  [[nodiscard]] std::shared_ptr<StagedJob> take(const std::string& directory);

 private:
  std::mutex mutex_;
  std::shared_ptr<Session> session_;
  std::string owner_;
  std::map<std::string, std::shared_ptr<StagedJob>> jobs_;
};

}  // namespace errand::database
