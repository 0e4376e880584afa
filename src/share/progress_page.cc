// SPDX-License-Identifier: Apache-2.0
#include "share/progress_page.h"

#include <cstring>
#include <new>

#include "system/try.h"

namespace errand::share {

Result<WorkerProgress> read_progress(system::Files& files, const std::string& path) {
  TRY(std::string bytes, files.read_all(path, ProgressPage::size));
  if (bytes.size() < sizeof(ProgressPage)) {
    return Error{ErrorCode::corrupt, path + " is shorter than a progress page", true, "", 0};
  }
  alignas(ProgressPage) std::byte storage[sizeof(ProgressPage)];
  std::memcpy(storage, bytes.data(), sizeof storage);
  auto* page = std::launder(reinterpret_cast<ProgressPage*>(storage));
  if (page->magic != ProgressPage::magic_value) {
    return Error{ErrorCode::corrupt, path + " is no progress page", true, "", 0};
  }
  if (page->major > 1) {
    return Error{ErrorCode::version_mismatch, path + " was written by a newer errand", false,
                 "use a newer errand", 0};
  }
  page->boot[sizeof page->boot - 1] = '\0';
  page->host[sizeof page->host - 1] = '\0';
  WorkerProgress progress;
  progress.process = {page->host, page->boot, page->pid_namespace, page->pid, page->start};
  progress.heartbeat = page->heartbeat;
  if (page->current_task != ProgressPage::no_task) progress.current_task = page->current_task.load();
  progress.current_attempt = page->current_attempt;
  progress.task_started = page->task_started;
  progress.succeeded = page->succeeded;
  progress.failed = page->failed;
  progress.durable = page->durable;
  progress.closed = page->closed != 0;
  return progress;
}

void ask_to_stop(system::Files& files, const std::string& path) {
  auto file = files.open_append(path);
  if (!file) return;
  auto memory = (*file)->share_memory(ProgressPage::size);
  if (memory) reinterpret_cast<ProgressPage*>(memory->get())->stop = 1;
}

}  // namespace errand::share
