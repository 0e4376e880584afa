// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

namespace errand::launchpad {

/// Ends every process of a user other than root and the caller's own. For a process of root's with one
/// thread. Makes no process for it: a user who has used all of them up is ended like any other, and cannot
/// end what ends him. False: some live still, after some seconds of trying.
/// `lock`: a file of root's, one for this machine, by which callers take turns.
[[nodiscard]] bool end_processes_of_user(uid_t uid, const std::string& lock);

}  // namespace errand::launchpad
