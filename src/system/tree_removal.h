// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace errand::system {

/// Removes the entry `name` of the open directory `parent`, and everything below it. Links are removed,
/// not followed; permission bits of our own directories are overcome; any depth. 0 or an errno: then part
/// of it is gone, and the same call goes on.
[[nodiscard]] int remove_tree_at(int parent, const char* name);

}  // namespace errand::system
