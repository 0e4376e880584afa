// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace errand::system {

/// What names of unfinished files begin with; whoever lists a directory passes over them.
inline constexpr char temporary_prefix[] = ".tmp-";

/// A name beside `path`, in the same directory, that nobody else on any machine will choose.
[[nodiscard]] std::string temporary_beside(const std::string& path);

/// The directory of a tree path; "" is the root.
[[nodiscard]] std::string parent_of(const std::string& path);

}  // namespace errand::system
