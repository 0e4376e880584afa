// SPDX-License-Identifier: Apache-2.0
#include "client/resource_use.h"

#include <algorithm>
#include <set>

#include "journal/log_reader.h"
#include "journal/outcome.h"
#include "share/names.h"

namespace errand::client {
namespace {

void add_outcomes(ResourceUse& use, std::span<const std::byte> body) {
  std::size_t position = 0;
  while (true) {
    auto outcome = journal::read_outcome(body, position);
    if (!outcome || !outcome->has_value()) return;
    if (!(*outcome)->usage) continue;
    const journal::Usage& one = *(*outcome)->usage;
    use.cpu_time += std::chrono::milliseconds(std::uint64_t{one.user_ms} + one.system_ms);
    use.peak_memory = std::max(use.peak_memory, one.peak_rss);
    ++use.measured_tasks;
  }
}

void add_log(ResourceUse& use, const share::JobDirectory& job, const share::WorkerKey& key) {
  const std::string name = share::log_name(key);
  auto file = job.place().files().open_read(job.path() + "/" + name);
  if (!file) return;
  journal::LogReader reader(*std::move(file), name);
  (void)reader.refresh([&use](const journal::Record& record) -> Result<void> {
    if (record.type == journal::RecordType::outcomes) add_outcomes(use, record.body);
    return {};
  });
}

}  // namespace

ResourceUse resource_use(share::JobDirectory& job) {
  ResourceUse use;
  std::set<std::string> hosts;
  for (const share::WorkerKey& key : job.logs()) {
    if (key.worker == 0) continue;
    add_log(use, job, key);
    if (auto progress = job.progress(key)) hosts.insert(progress->process.host);
  }
  use.hosts.assign(hosts.begin(), hosts.end());
  return use;
}

}  // namespace errand::client
