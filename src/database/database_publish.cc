// SPDX-License-Identifier: Apache-2.0
// Files that appear whole.
#include <cerrno>
#include <cstdio>
#include <memory>

#include "database/block_file.h"
#include "database/database_files.h"
#include "database/statements.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::size_t import_piece = std::size_t{8} << 20;

/// To remove a file need not survive a power cut, and says so for the whole transaction; what is put in its
/// place has to.
constexpr std::string_view commit_for_good = "select set_config('synchronous_commit', 'on', true)";

/// A directory that has to be made before the first file: programs, the root.
bool is_made_on_demand(const TreePath& path) {
  return !path.is_staged() && !path.directory.starts_with("jobs/");
}

}  // namespace

/// More than a block: in one transaction, so that readers see all of it or what was there before.
Result<bool> DatabaseFiles::put_large(const TreePath& path, std::string_view content, bool replace) {
  if (!replace) {
    TRY(auto end, end_of(path));
    if (end) return false;
  }
  TRY_VOID(session_->with([&](Connection& connection) -> Result<void> {
    TRY_VOID(connection.run_script("begin"));
    auto done = connection.run(statements::remove_file, at(path));
    if (done) done = connection.run(commit_for_good);
    for (std::size_t start = 0; start < content.size() && done; start += block_size) {
      const std::string_view block = content.substr(start, block_size);
      Parameters parameters = at(path);
      const std::string channel = channel_or_nobody(path.directory);
      parameters.number(static_cast<std::int64_t>(start))
          .bytes(std::as_bytes(std::span(block)))
          .text(channel);
      done = connection.run(statements::append, parameters);
    }
    TRY_VOID(connection.run_script(done ? "commit" : "rollback"));
    return done ? Result<void>() : Result<void>(std::move(done).error());
  }));
  return true;
}

/// False: the name is taken.
Result<bool> DatabaseFiles::put(const TreePath& path, std::string_view content, bool durable, bool replace) {
  if (is_made_on_demand(path)) {
    Parameters parameters;
    parameters.text(owner_).text(path.directory);
    auto made = session_->run(statements::make_directory, parameters);
    // A launchpad may make none: what it writes to is there, or it is told so by the next statement.
    if (!made && made.error().code != ErrorCode::place_unwritable) return std::move(made).error();
  }
  if (content.size() > block_size) return put_large(path, content, replace);
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
  if (where.kind != TreePath::Kind::file) return cannot_be_done("publish", path);
  TRY(bool put_there, put(where, content, durable, replace));
  return put_there ? Result<void>() : Result<void>(name_taken(where));
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

}  // namespace errand::database
