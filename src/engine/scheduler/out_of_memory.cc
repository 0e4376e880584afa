// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/out_of_memory.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>

#include "journal/log_reader.h"
#include "journal/outcome.h"
#include "share/names.h"

namespace errand::engine::scheduler {
namespace {

/// How the reasons of workers, programs and schedulers begin.
constexpr std::string_view out_of_memory = "out of memory";

bool has_outcome_out_of_memory(std::span<const std::byte> body) {
  std::size_t position = 0;
  while (true) {
    auto outcome = journal::read_outcome(body, position);
    if (!outcome || !outcome->has_value()) return false;
    if ((*outcome)->cause == FailureCause::none) continue;
    if (journal::decode_failure(**outcome).message.find(out_of_memory) != std::string::npos) return true;
  }
}

bool says_out_of_memory(const journal::Record& record) {
  if (record.type == journal::RecordType::outcomes) return has_outcome_out_of_memory(record.body);
  if (record.type != journal::RecordType::lost) return false;
  auto lost = share::decode_lost(record.text());
  return lost && lost->reason.starts_with(out_of_memory);
}

std::set<std::uint32_t> chunks_out_of_memory(share::JobDirectory& job) {
  std::set<std::uint32_t> chunks;
  for (const share::WorkerKey& key : job.logs()) {
    auto file = job.place().files().open_read(job.path() + "/" + share::log_name(key));
    if (!file) continue;
    journal::LogReader reader(*std::move(file), share::log_name(key));
    (void)reader.refresh([&](const journal::Record& record) -> Result<void> {
      if (says_out_of_memory(record)) chunks.insert(key.chunk);
      return {};
    });
  }
  return chunks;
}

bool queue_shows_it(const QueueSnapshot& queue, const std::string& name) {
  return std::any_of(queue.entries.begin(), queue.entries.end(), [&name](const QueueEntry& entry) {
    return entry.name == name && entry.state == ElementState::ended &&
           entry.reason.starts_with(out_of_memory);
  });
}

}  // namespace

std::uint32_t times_out_of_memory(share::JobDirectory& job, std::uint32_t number,
                                  const QueueSnapshot& queue) {
  const std::set<std::uint32_t> chunks = chunks_out_of_memory(job);
  std::uint32_t times = 0;
  for (std::uint32_t earlier = 1; earlier < number; ++earlier) {
    auto record = job.submission(earlier);
    if (!record) continue;
    auto first = chunks.lower_bound(record->first_chunk);
    const bool in_logs = first != chunks.end() && *first < record->first_chunk + record->elements;
    times += in_logs || queue_shows_it(queue, record->name) ? 1 : 0;
  }
  return times;
}

}  // namespace errand::engine::scheduler
