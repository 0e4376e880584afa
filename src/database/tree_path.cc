// SPDX-License-Identifier: Apache-2.0
#include "database/tree_path.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "share/names.h"
#include "system/beneath.h"

namespace errand::database {
namespace {

constexpr std::array fixed_directories{share::jobs_directory,     share::active_directory,
                                       share::staging_directory,  share::trash_directory,
                                       share::programs_directory, share::programs_by_stat_directory,
                                       share::agents_directory};

TreePath::Kind kind_below(std::string_view parent) {
  if (parent == share::active_directory) return TreePath::Kind::mark;
  if (parent == share::jobs_directory) return TreePath::Kind::job;
  if (parent == share::staging_directory) return TreePath::Kind::staging;
  if (parent == share::trash_directory || parent.starts_with("trash/")) return TreePath::Kind::trash;
  return TreePath::Kind::file;
}

}  // namespace

Result<TreePath> parse_tree_path(const std::string& path) {
  if (!system::is_tree_path(path)) return system::not_in_tree(path);
  if (path.empty()) return TreePath{};
  if (path == share::marker_name) return TreePath{TreePath::Kind::marker, "", path};
  if (std::ranges::find(fixed_directories, path) != fixed_directories.end())
    return TreePath{TreePath::Kind::fixed, path, ""};
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  switch (kind_below(parent)) {
    case TreePath::Kind::mark:
      return TreePath{TreePath::Kind::mark, share::job_path(name), ""};
    case TreePath::Kind::job:
      return TreePath{TreePath::Kind::job, path, ""};
    case TreePath::Kind::staging:
      return TreePath{TreePath::Kind::staging, path, ""};
    case TreePath::Kind::trash:
      return TreePath{TreePath::Kind::trash, path, ""};
    default:
      return TreePath{TreePath::Kind::file, parent, name};
  }
}

std::string channel_of(std::string_view directory) {
  const std::size_t slash = directory.find('/');
  if (slash == std::string_view::npos || directory.substr(0, slash) != share::jobs_directory) return {};
  std::string_view id = directory.substr(slash + 1);
  if (!id.starts_with(share::id_prefix)) return {};
  return "errand_" + std::string(id.substr(share::id_prefix.size()));
}

std::string channel_or_nobody(std::string_view directory) {
  std::string channel = channel_of(directory);
  return channel.empty() ? "errand" : channel;
}

Error name_taken(const TreePath& path) {
  return {ErrorCode::exists, path.directory + "/" + path.file + " is there already", false, "", EEXIST};
}

Error cannot_be_done(const char* what, const std::string& path) {
  return {ErrorCode::not_supported, std::string("a place in a database cannot ") + what + " " + path, false,
          "", 0};
}

}  // namespace errand::database
