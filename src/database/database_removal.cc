// SPDX-License-Identifier: Apache-2.0
// What is removed from a tree in a database.
#include "database/block_file.h"
#include "database/database_files.h"
#include "database/statements.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::database {

using Kind = TreePath::Kind;

/// A directory and all that is in it.
Result<void> DatabaseFiles::discard(const TreePath& path) {
  bool repeated = false;
  Parameters parameters;
  parameters.text(owner_).texts({&path.directory, 1});
  TRY(Rows rows, session_->run(statements::discard, parameters, &repeated));
  return rows.count() > 0 || repeated ? Result<void>() : Result<void>(no_such_file(absolute(path.directory)));
}

/// What became of each job. One that is named twice is removed once, and is not there the second time.
std::vector<Result<void>> DatabaseFiles::discard(const std::vector<std::string>& directories,
                                                 const system::Epitaph& epitaph) {
  Parameters parameters;
  parameters.text(owner_).texts(directories).text(epitaph.file);
  parameters.bytes(std::as_bytes(std::span(epitaph.words)));
  bool repeated = false;
  auto rows = session_->run(statements::discard_jobs, parameters, &repeated);
  std::set<std::string, std::less<>> gone;
  std::string lines;
  for (std::size_t row = 0; rows && row < rows->count(); ++row) {
    gone.emplace(rows->text(row, 0));
    if (!rows->truth(row, 1)) lines += job_id_of(rows->text(row, 0)) + epitaph.words;
  }
  if (!lines.empty()) leave(epitaph.file, lines);
  remember_gone(gone);
  std::vector<Result<void>> discarded;
  for (const std::string& directory : directories) {
    if (!rows)
      discarded.emplace_back(rows.error());
    else if (gone.erase(directory) > 0 || repeated)
      discarded.emplace_back();
    else
      discarded.emplace_back(no_such_file(directory));
  }
  return discarded;
}

void DatabaseFiles::remember_gone(const std::set<std::string, std::less<>>& directories) {
  const std::lock_guard lock(gone_mutex_);
  gone_ = directories;
}

/// A job's mark is a column of its row.
bool DatabaseFiles::is_gone(const std::string& directory) {
  const std::lock_guard lock(gone_mutex_);
  return gone_.contains(directory);
}

/// Tombstones: it is no failure if they cannot be written.
void DatabaseFiles::leave(const std::string& file, std::string_view lines) {
  if (auto behind = open_append(file)) (void)(*behind)->append(std::as_bytes(std::span(lines)));
}

std::vector<Result<void>> DatabaseFiles::rename_each(
    const std::vector<std::pair<std::string, std::string>>& names, const system::Epitaph& epitaph) {
  std::vector<std::string> directories;
  std::size_t lines = 0;
  for (const auto& [from, to] : names) {
    auto source = parse_tree_path(from);
    auto target = parse_tree_path(to);
    lines += from.size() + epitaph.words.size();
    if (!source || !target || source->kind != Kind::job || target->kind != Kind::trash || lines > block_size)
      return Files::rename_each(names, epitaph);
    directories.push_back(source->directory);
  }
  return discard(directories, epitaph);
}

Result<void> DatabaseFiles::remove(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind == Kind::mark) {
    if (is_gone(where.directory)) return {};
    auto cleared = session_->run(statements::clear_mark, at(where));
    return cleared ? Result<void>() : Result<void>(std::move(cleared).error());
  }
  if (where.kind != Kind::file) return cannot_be_done("remove", path);
  if (where.directory == share::programs_directory && !where.file.starts_with('.'))
    return remove_program(where);
  bool repeated = false;
  TRY(Rows rows, session_->run(statements::remove_file, at(where), &repeated));
  return rows.changed() > 0 || repeated ? Result<void>() : Result<void>(no_such_file(absolute(path)));
}

/// A link to it is a file that names it: without the program, the job cannot be run.
Result<void> DatabaseFiles::remove_program(const TreePath& path) {
  const std::string link = path.directory + "/" + path.file;
  Parameters parameters = at(path);
  parameters.bytes(std::as_bytes(std::span(link)));
  bool repeated = false;
  TRY(Rows rows, session_->run(statements::remove_program, parameters, &repeated));
  if (rows.count() > 0 || repeated) return {};
  return Error{ErrorCode::exists, absolute(link) + " is in use, or was a moment ago", true, "", 0};
}

Result<void> DatabaseFiles::remove_tree(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind == Kind::trash) return {};
  if (where.kind != Kind::staging) return cannot_be_done("remove the tree", path);
  if (auto job = staging_.take(where.directory)) {
    job->discard();
    return {};
  }
  return discard(where);  // what a process that died had begun
}

}  // namespace errand::database
