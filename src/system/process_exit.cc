// SPDX-License-Identifier: Apache-2.0
#include "system/process_exit.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace errand::system {

Result<int> watch_exit(const Processes& processes, const ProcessId& process) {
  int handle = static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0));
  if (handle < 0) {
    bool gone = errno == ESRCH;
    return Error{gone ? ErrorCode::not_found : ErrorCode::not_supported,
                 gone ? "the process has ended" : "this kernel cannot watch processes", false, "", errno};
  }
  // Only now is it certain that the handle means the process we know, not a later one of that pid.
  if (!processes.is_alive(process)) {
    close(handle);
    return Error{ErrorCode::not_found, "the process has ended", false, "", 0};
  }
  int high = fcntl(handle, F_DUPFD_CLOEXEC, 100);
  if (high < 0) return handle;
  close(handle);
  return high;
}

}  // namespace errand::system
