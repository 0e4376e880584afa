// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace errand::launchpad {

/// How many processes and threads the control group of this process may have, and so a systemd unit
/// (TasksMax); 0: as many as it likes. `groups`: what /proc/self/cgroup says; `root`: where the groups'
/// folders are.
[[nodiscard]] std::uint64_t group_process_limit(const std::string& groups, const std::string& root);
[[nodiscard]] std::uint64_t own_group_process_limit();

/// What each of so many identities may have of that: an identity that takes all it may leaves enough for the
/// others, and for those who are to end it.
[[nodiscard]] std::uint64_t process_share(std::uint64_t limit, std::size_t identities);

}  // namespace errand::launchpad
