// SPDX-License-Identifier: Apache-2.0
#include "client/read_seals.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>

#include "journal/record.h"
#include "share/names.h"

namespace errand::client {
namespace {

constexpr std::uint64_t seal_limit = std::uint64_t{1} << 20;
/// Fewer are read before a thread has started.
constexpr std::size_t ids_per_reader = 2048;
constexpr std::size_t most_readers = 4;

std::optional<share::Seal> parse_seal(std::string_view bytes) {
  journal::RecordReader reader(std::as_bytes(std::span(bytes)));
  auto header = reader.next();
  auto record = header ? reader.next() : std::nullopt;
  if (!record || !journal::parse_file_header(*header, "seal")) return std::nullopt;
  auto seal = share::decode_seal(record->text());
  if (!seal) return std::nullopt;
  return *std::move(seal);
}

}  // namespace

/// Opening a hundred thousand files is most of a listing, and the kernel does it on every core.
std::vector<std::optional<share::Seal>> read_seals(const share::Place& place,
                                                   const std::vector<std::string>& ids,
                                                   const std::function<bool(const std::string&)>& left_out) {
  std::vector<std::optional<share::Seal>> seals(ids.size());
  std::atomic<std::size_t> next = 0;
  auto read = [&] {
    for (std::size_t begin = 0; (begin = next.fetch_add(ids_per_reader)) < ids.size();) {
      std::vector<std::size_t> wanted;
      std::vector<std::string> paths;
      for (std::size_t i = begin; i < std::min(begin + ids_per_reader, ids.size()); ++i) {
        if (left_out(ids[i])) continue;
        wanted.push_back(i);
        paths.push_back(share::job_path(ids[i]) + "/seal");
      }
      auto contents = place.files().read_each(paths, seal_limit);
      for (std::size_t k = 0; k < wanted.size(); ++k) {
        if (contents[k]) seals[wanted[k]] = parse_seal(*contents[k]);
      }
    }
  };
  std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  std::size_t readers = std::min({most_readers, cores, ids.size() / ids_per_reader + 1});
  std::vector<std::thread> threads;
  try {
    while (threads.size() + 1 < readers) threads.emplace_back(read);
  } catch (const std::system_error&) {
    // Fewer threads than wished for: the others read more.
  }
  read();
  for (std::thread& thread : threads) thread.join();
  return seals;
}

}  // namespace errand::client
