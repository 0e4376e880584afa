// SPDX-License-Identifier: Apache-2.0
#include "database/database_files.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include "database/block_file.h"
#include "database/database_watch.h"
#include "database/mark_file.h"
#include "database/statements.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::database {
namespace {

using Kind = TreePath::Kind;
using system::FileInfo;

/// Of a job with more rows than this the names alone are listed.
constexpr std::int64_t most_listed = 64;
/// A block of at most this size comes along with the listing.
constexpr std::int64_t most_read_ahead = 16 << 10;

}  // namespace

DatabaseFiles::DatabaseFiles(std::shared_ptr<Session> session, std::string owner)
    : session_(std::move(session)),
      owner_(std::move(owner)),
      place_(session_->target().place()),
      staging_(session_, owner_) {}

Result<std::shared_ptr<DatabaseFiles>> DatabaseFiles::open(const Target& target) {
  auto session = std::make_shared<Session>(target);
  TRY(Rows rows, session->run("select current_user::text", {}));
  return std::make_shared<DatabaseFiles>(session, std::string(rows.text(0, 0)));
}

BlockLocation DatabaseFiles::location_of(const TreePath& path) const {
  return {owner_, path.directory, path.file};
}

Parameters DatabaseFiles::at(const TreePath& path) const {
  Parameters parameters;
  parameters.text(owner_).text(path.directory);
  if (path.kind == Kind::file) parameters.text(path.file);
  return parameters;
}

std::string DatabaseFiles::absolute(const std::string& path) const {
  return path.empty() ? place_ : place_ + "/" + path;
}

Result<std::string> DatabaseFiles::marker() {
  TRY(Rows rows, session_->run(statements::marker, {}));
  if (rows.count() == 0) return no_such_file(absolute(std::string(share::marker_name)));
  return "errand-share " + std::to_string(rows.number(0, 0)) + "." + std::to_string(rows.number(0, 1)) + " " +
         std::string(rows.text(0, 2)) + "\n";
}

Result<std::unique_ptr<system::File>> DatabaseFiles::open_read(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind != Kind::file) return no_such_file(absolute(path));
  if (const auto known = take_read_ahead(where))
    return std::unique_ptr<system::File>(BlockFile::of(session_, location_of(where), *known));
  TRY(auto file, BlockFile::open(session_, location_of(where)));
  return std::unique_ptr<system::File>(std::move(file));
}

Result<std::unique_ptr<system::File>> DatabaseFiles::create(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind != Kind::file) return cannot_be_done("create", path);
  if (where.is_staged()) {
    auto job = staging_.find(where.directory);
    if (!job) return no_such_file(absolute(path));
    return job->create(where.file);
  }
  TRY(bool created, put(where, "", false, false));
  if (!created) return name_taken(where);
  return std::unique_ptr<system::File>(new BlockFile(session_, location_of(where), 0));
}

Result<std::unique_ptr<system::File>> DatabaseFiles::open_append(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind == Kind::mark) return open_mark(where);
  if (where.kind != Kind::file || where.is_staged()) return create(path);
  // What is appended to it goes behind whatever is there by then.
  if (where.directory.empty())
    return std::unique_ptr<system::File>(new BlockFile(session_, location_of(where), 0));
  TRY(auto end, end_of(where));
  if (!end) {
    auto created = create(path);
    if (created || created.error().code != ErrorCode::exists) return created;
    TRY(end, end_of(where));
  }
  if (!end) return no_such_file(absolute(path));
  return std::unique_ptr<system::File>(new BlockFile(session_, location_of(where), *end));
}

Result<std::optional<std::uint64_t>> DatabaseFiles::end_of(const TreePath& path) {
  TRY(Rows rows, session_->run(statements::file_end, at(path)));
  if (rows.count() == 0) return std::optional<std::uint64_t>();
  return std::optional(static_cast<std::uint64_t>(rows.number(0, 0)));
}

/// Appending to active/<id> marks the job and wakes the launchpad. A job being staged is marked when it
/// appears.
Result<std::unique_ptr<system::File>> DatabaseFiles::open_mark(const TreePath& path) {
  if (auto job = staging_.find("staging/" + job_id_of(path.directory))) {
    job->mark_active();
    return std::unique_ptr<system::File>(new MarkFile([] { return Result<void>(); }));
  }
  auto ring = [session = session_, owner = owner_, directory = path.directory,
               id = job_id_of(path.directory)] {
    Parameters parameters;
    parameters.text(owner).text(directory).text(id);
    auto rung = session->run(statements::ring, parameters);
    return rung ? Result<void>() : Result<void>(std::move(rung).error());
  };
  return std::unique_ptr<system::File>(new MarkFile(std::move(ring)));
}

Result<std::string> DatabaseFiles::read_all(const std::string& path, std::uint64_t limit) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind == Kind::marker) return marker();
  if (where.kind != Kind::file) return no_such_file(absolute(path));
  if (auto known = take_read_ahead(where); known && known->bytes.size() <= limit)
    return std::move(known->bytes);
  std::string content;
  bool found = false;
  Parameters parameters = at(where);
  parameters.number(static_cast<std::int64_t>(limit));
  TRY_VOID(session_->with([&](Connection& connection) -> Result<void> {
    content.clear();
    return connection.stream(statements::read_whole, parameters, [&](const Rows& row) -> Result<void> {
      found = true;
      const bool follows = static_cast<std::uint64_t>(row.number(0, 0)) == content.size();
      if (follows) content += row.text(0, 1);
      return {};
    });
  }));
  if (!found) return no_such_file(absolute(path));
  if (content.size() > limit)
    return Error{ErrorCode::corrupt, absolute(path) + " is longer than it can be", false, "", 0};
  return content;
}

std::vector<Result<std::string>> DatabaseFiles::read_each(const std::vector<std::string>& paths,
                                                          std::uint64_t limit) {
  std::vector<std::string> directories;
  std::string file;
  for (const std::string& path : paths) {
    auto where = parse_tree_path(path);
    if (!where || where->kind != Kind::file || (!file.empty() && file != where->file))
      return Files::read_each(paths, limit);
    file = where->file;
    directories.push_back(where->directory);
  }
  std::map<std::string, std::string, std::less<>> found;
  Parameters parameters;
  parameters.text(owner_).texts(directories).text(file).number(static_cast<std::int64_t>(limit));
  auto rows = session_->run(statements::read_many, parameters);
  for (std::size_t row = 0; rows && row < rows->count(); ++row)
    found.emplace(rows->text(row, 0), rows->text(row, 1));
  std::vector<Result<std::string>> contents;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    auto one = found.find(directories[i]);
    if (one != found.end())
      contents.emplace_back(std::move(one->second));
    else
      contents.emplace_back(rows ? no_such_file(absolute(paths[i])) : rows.error());
  }
  return contents;
}

Result<FileInfo> DatabaseFiles::info(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  const BlockLocation location = location_of(where);
  if (where.kind == Kind::marker) {
    TRY(std::string text, marker());
    return info_of({owner_, "", text}, FileInfo::Kind::file, text.size(), 0);
  }
  if (where.kind == Kind::root || where.kind == Kind::fixed)
    return info_of(location, FileInfo::Kind::directory, 0, 0);
  if (where.kind == Kind::trash) return no_such_file(absolute(path));
  if (where.kind == Kind::file) {
    TRY(Rows rows, session_->run(statements::file_info, at(where)));
    if (rows.count() == 0) return no_such_file(absolute(path));
    return info_of(location, FileInfo::Kind::file, static_cast<std::uint64_t>(rows.number(0, 0)),
                   rows.number(0, 1));
  }
  if (const auto known = where.kind == Kind::job ? read_ahead_.modified_us(where.directory) : std::nullopt)
    return info_of(location, FileInfo::Kind::directory, 0, *known);
  TRY(Rows rows,
      session_->run(where.kind == Kind::mark ? statements::mark_info : statements::job_info, at(where)));
  if (rows.count() == 0) return no_such_file(absolute(path));
  return info_of(location, where.kind == Kind::mark ? FileInfo::Kind::file : FileInfo::Kind::directory, 0,
                 rows.number(0, 0));
}

Result<void> DatabaseFiles::make_directory(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind == Kind::staging) return staging_.make(where.directory);
  if (where.kind == Kind::fixed) return name_taken({Kind::fixed, where.directory, ""});
  return cannot_be_done("make the directory", path);
}

Result<std::vector<std::string>> DatabaseFiles::names(std::string_view statement) {
  TRY(Rows rows, session_->run(statement, Parameters().text(owner_)));
  std::vector<std::string> names;
  names.reserve(rows.count());
  for (std::size_t row = 0; row < rows.count(); ++row) names.emplace_back(rows.text(row, 0));
  return names;
}

Result<std::vector<std::string>> DatabaseFiles::list(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (path == share::jobs_directory) return names(statements::list_jobs);
  if (path == share::active_directory) return names(statements::list_active);
  if (path == share::staging_directory) return names(statements::list_staging);
  if (where.kind == Kind::trash || path == share::trash_directory) return std::vector<std::string>();
  if (where.kind == Kind::job) {
    if (auto known = read_ahead_.take_names(where.directory)) return *std::move(known);
    TRY(auto small, list_small_job(where.directory));
    if (small) return *std::move(small);
  }
  TreePath directory = where;
  if (where.kind == Kind::file) directory = {Kind::staging, path, ""};
  Parameters parameters;
  parameters.text(owner_).text(directory.directory);
  TRY(Rows rows, session_->run(statements::list_files, parameters));
  const bool always_there = where.kind == Kind::root || where.kind == Kind::fixed;
  if (rows.count() == 0 && !always_there) return no_such_file(absolute(path));
  std::vector<std::string> names;
  for (std::size_t row = 0; row < rows.count(); ++row) {
    if (!rows.is_null(row, 0)) names.emplace_back(rows.text(row, 0));
  }
  return names;
}

/// The names, and what is small is read ahead. Nothing: there are too many rows, or none.
Result<std::optional<std::vector<std::string>>> DatabaseFiles::list_small_job(const std::string& directory) {
  Parameters parameters;
  parameters.text(owner_).text(directory).number(most_read_ahead).number(most_listed);
  std::optional<std::vector<std::string>> names;
  TRY_VOID(session_->with([&](Connection& connection) -> Result<void> {
    TRY(Rows blocks, connection.run(statements::list_blocks, parameters));
    if (blocks.count() == 0 || blocks.count() == most_listed) return {};
    Snapshot snapshot = snapshot_of(blocks, 0, blocks.count(), 0);
    names = snapshot.names;
    read_ahead_.keep(directory, std::move(snapshot), session_->asked());
    return {};
  }));
  return names;
}

/// One question for all of them. Nothing of those with too many rows, or none.
std::shared_ptr<void> DatabaseFiles::read_ahead(const std::vector<std::string>& directories) {
  Parameters parameters;
  parameters.text(owner_).texts(directories).number(most_read_ahead).number(most_listed);
  auto rows = session_->run(statements::list_blocks_of_many, parameters);
  if (!rows) return nullptr;  // whoever reads them is told
  std::map<std::string, Snapshot> batch;
  for (std::size_t begin = 0, end = 0; begin < rows->count(); begin = end) {
    const std::string_view directory = rows->text(begin, 0);
    while (end < rows->count() && rows->text(end, 0) == directory) ++end;
    if (end - begin == most_listed) continue;
    Snapshot snapshot = snapshot_of(*rows, begin, end, 2);
    snapshot.modified_us = std::max(snapshot.modified_us, rows->number(begin, 1));
    batch.emplace(directory, std::move(snapshot));
  }
  const std::uint64_t number = read_ahead_.keep_batch(std::move(batch));
  return {this,
          [number](void* files) { static_cast<DatabaseFiles*>(files)->read_ahead_.forget_batch(number); }};
}

std::optional<ReadAhead::Content> DatabaseFiles::take_read_ahead(const TreePath& path) {
  return read_ahead_.take(path.directory, path.file, session_->asked());
}

Result<void> DatabaseFiles::rename(const std::string& from, const std::string& to) {
  TRY(const TreePath source, parse_tree_path(from));
  TRY(const TreePath target, parse_tree_path(to));
  if (source.kind == Kind::staging && target.kind == Kind::job) return publish_staged(source, target);
  if (source.kind == Kind::job && target.kind == Kind::trash) return discard(source);
  if (source.kind == Kind::file && target.kind == Kind::file && !source.is_staged())
    return rename_file(source, target);
  return cannot_be_done("rename", from + " to " + to);
}

Result<void> DatabaseFiles::publish_staged(const TreePath& from, const TreePath& to) {
  auto job = staging_.find(from.directory);
  if (!job) return no_such_file(from.directory);
  TRY_VOID(job->publish(to.directory));
  (void)staging_.take(from.directory);
  return {};
}

Result<void> DatabaseFiles::rename_file(const TreePath& from, const TreePath& to) {
  Parameters parameters = at(from);
  parameters.text(to.directory).text(to.file);
  std::size_t moved = 0;
  bool repeated = false;
  TRY_VOID(session_->with(
      [&](Connection& connection) -> Result<void> {
        TRY_VOID(connection.run_script("begin"));
        auto removed = connection.run(statements::remove_file, at(to));
        auto renamed = removed ? connection.run(statements::rename_file, parameters) : std::move(removed);
        moved = renamed ? renamed->changed() : 0;
        TRY_VOID(connection.run_script(moved > 0 ? "commit" : "rollback"));
        return renamed ? Result<void>() : Result<void>(std::move(renamed).error());
      },
      &repeated));
  return moved > 0 || repeated ? Result<void>()
                               : Result<void>(no_such_file(from.directory + "/" + from.file));
}

/// A job's program is a file that names the snapshot: the bytes are in the database once.
Result<void> DatabaseFiles::link(const std::string& from, const std::string& to) {
  TRY(const TreePath source, parse_tree_path(from));
  TRY(const TreePath target, parse_tree_path(to));
  if (source.directory != share::programs_directory || source.kind != Kind::file)
    return cannot_be_done("link to", from);
  if (target.is_staged()) {  // by a submission, which has just looked for the program
    auto job = staging_.find(target.directory);
    if (!job) return no_such_file(absolute(to));
    job->link_program(from);
    return {};
  }
  TRY_VOID(info(from));
  TRY(bool created, put(target, from, true, false));
  return created ? Result<void>() : Result<void>(name_taken(target));
}

Result<void> DatabaseFiles::sync_directory(const std::string&) {
  return {};
}

Result<std::unique_ptr<system::Watch>> DatabaseFiles::watch() {
  return DatabaseWatch::open(session_->target());
}

}  // namespace errand::database
