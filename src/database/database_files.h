// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "database/read_ahead.h"
#include "database/session.h"
#include "database/staging.h"
#include "database/tree_path.h"
#include "system/files.h"

namespace errand::database {

/// The third Files: one owner's tree in a database (docs/decisions/0019). What a place needs and no more:
/// jobs are made below staging/ and published by rename, removed by rename to trash/; links lead to programs
/// only. Thread-safe.
class DatabaseFiles final : public system::Files {
 public:
  /// The tree of the session's own user. Errors: as Connection::open; place_unreadable (not prepared for
  /// errand).
  static Result<std::shared_ptr<DatabaseFiles>> open(const Target& target);
  /// The tree of `owner`, for a launchpad, which may see all of them. `place`: the place's name.
  DatabaseFiles(std::shared_ptr<Session> session, std::string owner);

  [[nodiscard]] const std::string& owner() const { return owner_; }
  [[nodiscard]] Session& session() const { return *session_; }

  Result<std::unique_ptr<system::File>> open_read(const std::string& path) override;
  Result<std::unique_ptr<system::File>> create(const std::string& path) override;
  Result<std::unique_ptr<system::File>> open_append(const std::string& path) override;
  Result<std::string> read_all(const std::string& path, std::uint64_t limit) override;
  std::vector<Result<std::string>> read_each(const std::vector<std::string>& paths,
                                             std::uint64_t limit) override;
  Result<system::FileInfo> info(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> remove_tree(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<system::Watch>> watch() override;
  Result<void> import_file(const std::string& outside, const std::string& path, bool executable) override;
  Result<void> publish(const std::string& path, std::string_view content, bool durable,
                       bool replace) override;
  std::shared_ptr<void> read_ahead(const std::vector<std::string>& directories) override;
  std::vector<Result<void>> rename_each(const std::vector<std::pair<std::string, std::string>>& names,
                                        const system::Epitaph& epitaph) override;
  [[nodiscard]] bool is_of_one_user() const override { return true; }
  [[nodiscard]] bool is_network() const override { return false; }
  [[nodiscard]] std::string absolute(const std::string& path) const override;

 private:
  [[nodiscard]] BlockLocation location_of(const TreePath& path) const;
  [[nodiscard]] Parameters at(const TreePath& path) const;
  Result<std::vector<std::string>> names(std::string_view statement);
  Result<std::optional<std::vector<std::string>>> list_small_job(const std::string& directory);
  std::optional<ReadAhead::Content> take_read_ahead(const TreePath& path);
  Result<std::string> marker();
  Result<std::optional<std::uint64_t>> end_of(const TreePath& path);
  Result<bool> put_large(const TreePath& path, std::string_view content, bool replace);
  Result<bool> put(const TreePath& path, std::string_view content, bool durable, bool replace);
  Result<std::unique_ptr<system::File>> open_mark(const TreePath& path);
  Result<void> publish_staged(const TreePath& from, const TreePath& to);
  Result<void> discard(const TreePath& path);
  std::vector<Result<void>> discard(const std::vector<std::string>& directories,
                                    const system::Epitaph& epitaph);
  void leave(const std::string& file, std::string_view lines);
  void remember_gone(const std::set<std::string, std::less<>>& directories);
  bool is_gone(const std::string& directory);
  Result<void> remove_program(const TreePath& path);
  Result<void> rename_file(const TreePath& from, const TreePath& to);

  std::shared_ptr<Session> session_;
  std::string owner_;
  std::string place_;
  Staging staging_;
  ReadAhead read_ahead_;
  std::mutex gone_mutex_;
  std::set<std::string, std::less<>> gone_;  ///< what was discarded last
};

}  // namespace errand::database
