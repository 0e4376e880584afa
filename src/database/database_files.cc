// SPDX-License-Identifier: Apache-2.0
#include "database/database_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
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

constexpr std::size_t import_piece = std::size_t{8} << 20;

Error name_taken(const TreePath& path) {
  return {ErrorCode::exists, path.directory + "/" + path.file + " is there already", false, "", EEXIST};
}

Error no_such_operation(const char* what, const std::string& path) {
  return {ErrorCode::not_supported, std::string("a place in a database cannot ") + what + " " + path, false,
          "", 0};
}

std::string id_of(const TreePath& path) {
  return path.directory.substr(path.directory.rfind('/') + 1);
}

std::string channel_or_nobody(const std::string& directory) {
  std::string channel = channel_of(directory);
  return channel.empty() ? "errand" : channel;
}

/// A directory that has to be made before the first file: programs, the root.
bool is_made_on_demand(const TreePath& path) {
  return !path.is_staged() && !path.directory.starts_with("jobs/");
}

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
  TRY(auto file, BlockFile::open(session_, location_of(where)));
  return std::unique_ptr<system::File>(std::move(file));
}

Result<std::unique_ptr<system::File>> DatabaseFiles::create(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind != Kind::file) return no_such_operation("create", path);
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
  auto file = open_read(path);
  if (file || file.error().code != ErrorCode::not_found) return file;
  auto created = create(path);
  return created || created.error().code != ErrorCode::exists ? std::move(created) : open_read(path);
}

/// Appending to active/<id> marks the job and wakes the launchpad. A job being staged is marked when it
/// appears.
Result<std::unique_ptr<system::File>> DatabaseFiles::open_mark(const TreePath& path) {
  if (auto job = staging_.find("staging/" + id_of(path))) {
    job->mark_active();
    return std::unique_ptr<system::File>(new MarkFile([] { return Result<void>(); }));
  }
  auto ring = [session = session_, owner = owner_, directory = path.directory, id = id_of(path)] {
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
  TRY(auto file, open_read(path));
  TRY(Buffer bytes, file->view(0, limit + 1));
  if (bytes.size() > limit)
    return Error{ErrorCode::corrupt, absolute(path) + " is longer than it can be", false, "", 0};
  return std::string(bytes.text());
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
  return no_such_operation("make the directory", path);
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

Result<void> DatabaseFiles::rename(const std::string& from, const std::string& to) {
  TRY(const TreePath source, parse_tree_path(from));
  TRY(const TreePath target, parse_tree_path(to));
  if (source.kind == Kind::staging && target.kind == Kind::job) return publish_staged(source, target);
  if (source.kind == Kind::job && target.kind == Kind::trash) return discard(source);
  if (source.kind == Kind::file && target.kind == Kind::file && !source.is_staged())
    return rename_file(source, target);
  return no_such_operation("rename", from + " to " + to);
}

Result<void> DatabaseFiles::publish_staged(const TreePath& from, const TreePath& to) {
  auto job = staging_.find(from.directory);
  if (!job) return no_such_file(from.directory);
  TRY_VOID(job->publish(to.directory));
  (void)staging_.take(from.directory);
  return {};
}

Result<void> DatabaseFiles::discard(const TreePath& job) {
  const std::string channel = channel_or_nobody(job.directory);
  const std::string id = id_of(job);
  Parameters parameters = at(job);
  parameters.text(channel).text(id);
  bool repeated = false;
  TRY(Rows rows, session_->run(statements::discard, parameters, &repeated));
  return rows.count() > 0 || repeated ? Result<void>() : Result<void>(no_such_file(job.directory));
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
  TRY(FileInfo program, info(from));
  if (source.directory != share::programs_directory || program.kind != FileInfo::Kind::file)
    return no_such_operation("link to", from);
  if (target.is_staged()) {
    auto job = staging_.find(target.directory);
    if (!job) return no_such_file(absolute(to));
    job->link_program(from);
    return {};
  }
  TRY(bool created, put(target, from, true, false));
  return created ? Result<void>() : Result<void>(name_taken(target));
}

Result<void> DatabaseFiles::remove(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind == Kind::mark) {
    auto cleared = session_->run(statements::clear_mark, at(where));
    return cleared ? Result<void>() : Result<void>(std::move(cleared).error());
  }
  if (where.kind != Kind::file) return no_such_operation("remove", path);
  bool repeated = false;
  TRY(Rows rows, session_->run(statements::remove_file, at(where), &repeated));
  return rows.changed() > 0 || repeated ? Result<void>() : Result<void>(no_such_file(absolute(path)));
}

Result<void> DatabaseFiles::remove_tree(const std::string& path) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind == Kind::trash) return {};
  if (where.kind != Kind::staging) return no_such_operation("remove the tree", path);
  if (auto job = staging_.take(where.directory)) {
    job->discard();
    return {};
  }
  return discard(where);  // what a process that died had begun
}

Result<void> DatabaseFiles::sync_directory(const std::string&) {
  return {};
}

Result<std::unique_ptr<system::Watch>> DatabaseFiles::watch() {
  return DatabaseWatch::open(session_->target());
}

Result<void> DatabaseFiles::import_file(const std::string& outside, const std::string& path, bool) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> source(std::fopen(outside.c_str(), "re"), std::fclose);
  if (!source) return system::os_error(errno, "open", outside, false);
  TRY(auto file, create(path));
  std::vector<std::byte> piece(import_piece);
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), source.get())) {
    TRY_VOID(file->append(std::span(piece).first(count)));
  }
  if (std::ferror(source.get()) != 0) return system::os_error(EIO, "read", outside, false);
  return {};
}

/// False: the name is taken.
Result<bool> DatabaseFiles::put(const TreePath& path, std::string_view content, bool durable, bool replace) {
  if (is_made_on_demand(path)) {
    Parameters parameters;
    parameters.text(owner_).text(path.directory);
    if (auto made = session_->run(statements::make_directory, parameters); !made)
      return std::move(made).error();
  }
  const std::string channel = channel_or_nobody(path.directory);
  Parameters parameters = at(path);
  parameters.bytes(std::as_bytes(std::span(content))).text(durable ? "on" : "off").text(channel);
  bool repeated = false;
  TRY(Rows rows, session_->run(replace ? statements::replace : statements::create, parameters, &repeated));
  if (rows.count() > 0) return true;
  if (!repeated) return false;
  // The first try may have made it: then it has these bytes.
  TRY(auto file, BlockFile::open(session_, location_of(path)));
  TRY(Buffer there, file->view(0, content.size() + 1));
  return there.text() == content;
}

Result<void> DatabaseFiles::publish(const std::string& path, std::string_view content, bool durable,
                                    bool replace) {
  TRY(const TreePath where, parse_tree_path(path));
  if (where.kind != Kind::file) return no_such_operation("publish", path);
  TRY(bool put_there, put(where, content, durable, replace));
  return put_there ? Result<void>() : Result<void>(name_taken(where));
}

}  // namespace errand::database
