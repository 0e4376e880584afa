// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "errand/error.h"

namespace errand::database {

/// Where a path of a place lies in the tables.
struct TreePath {
  enum class Kind {
    root,     ///< ""
    fixed,    ///< a directory that every place has: jobs, active, programs ...
    marker,   ///< errand-share
    mark,     ///< active/<id>; `directory` is jobs/<id>
    job,      ///< jobs/<id>
    staging,  ///< staging/<id>
    trash,    ///< trash/<name>: nothing is ever there
    file,     ///< anything else: `file` in `directory`
  };
  Kind kind = Kind::root;
  std::string directory;
  std::string file;

  [[nodiscard]] bool is_staged() const { return directory.starts_with("staging/"); }
};

/// Errors: invalid_argument for what system::is_tree_path refuses.
[[nodiscard]] Result<TreePath> parse_tree_path(const std::string& path);

/// "jobs/rxJob_<26>" -> "errand_<26>": whom to notify of changes in that directory; empty: nobody.
[[nodiscard]] std::string channel_of(std::string_view directory);

/// The same where nobody is a channel that nobody listens to.
[[nodiscard]] std::string channel_or_nobody(std::string_view directory);

/// "jobs/<id>" -> "<id>"
[[nodiscard]] inline std::string job_id_of(std::string_view directory) {
  return std::string(directory.substr(directory.rfind('/') + 1));
}

/// exists: the name is taken.
[[nodiscard]] Error name_taken(const TreePath& path);
/// not_supported: what a place does not need, and a database cannot.
[[nodiscard]] Error cannot_be_done(const char* what, const std::string& path);

}  // namespace errand::database
