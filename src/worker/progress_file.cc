// SPDX-License-Identifier: Apache-2.0
#include "worker/progress_file.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "system/processes.h"
#include "system/try.h"

namespace errand::worker {
namespace {

using share::ProgressPage;

template <std::size_t Size>
void copy_text(char (&to)[Size], const std::string& from) {
  std::memcpy(to, from.data(), std::min(from.size(), Size - 1));
}

std::shared_ptr<ProgressPage> as_page(const std::shared_ptr<std::byte[]>& memory) {
  // A file's fresh page is all zeros, which is a valid object of this trivially laid out type.
  return {memory, reinterpret_cast<ProgressPage*>(memory.get())};
}

void fill(ProgressPage& page) {
  system::ProcessId self = system::system_processes().self();
  page.major = 1;
  page.minor = 0;
  page.pid = self.pid;
  page.start = self.start;
  page.pid_namespace = self.pid_namespace;
  copy_text(page.boot, self.boot);
  copy_text(page.host, self.host);
  page.current_task = ProgressPage::no_task;
  // Last: who sees the number may believe the rest.
  std::atomic_ref(page.magic).store(ProgressPage::magic_value, std::memory_order_release);
}

}  // namespace

Result<std::shared_ptr<ProgressPage>> create_progress_page(system::Files& files, const std::string& path) {
  TRY(auto file, files.create(path));
  TRY(auto memory, file->share_memory(ProgressPage::size));
  auto page = as_page(memory);
  fill(*page);
  return page;
}

Result<std::shared_ptr<ProgressPage>> map_progress_page(const std::string& path) {
  TRY(auto file, open_existing(path));
  TRY(system::FileInfo info, file->info());
  Error none{ErrorCode::not_found, path + " is no progress page yet", true, {}, 0};
  if (info.size < ProgressPage::size) return none;
  TRY(auto memory, file->share_memory(ProgressPage::size));
  auto page = as_page(memory);
  auto magic = std::atomic_ref(page->magic).load(std::memory_order_acquire);
  if (magic != ProgressPage::magic_value || page->major > 1) return none;
  return page;
}

Result<std::unique_ptr<system::File>> open_existing(const std::string& path) {
  std::size_t slash = path.rfind('/');
  if (slash == path.npos) {
    return Error{ErrorCode::invalid_argument, path + " is no absolute path", false, {}, 0};
  }
  TRY(auto directory, system::open_directory(path.substr(0, slash)));
  std::string name = path.substr(slash + 1);
  TRY_VOID(directory->info(name));
  return directory->open_append(name);
}

}  // namespace errand::worker
