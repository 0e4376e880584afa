// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>

#include "journal/little_endian.h"
#include "journal/record.h"
#include "share/names.h"
#include "share/task_source.h"

namespace errand::share {
namespace {

/// Holds the header and any but the most unusual manifest.
constexpr std::size_t head_size = std::size_t{64} << 10;
constexpr std::size_t closed_size = journal::record_size(sizeof(std::uint64_t));

std::optional<Manifest> read_manifest(system::File& file, std::uint64_t size) {
  auto head = file.view(0, std::min<std::uint64_t>(head_size, size));
  if (!head) return std::nullopt;
  journal::RecordReader reader(head->bytes());
  auto header = reader.next();
  if (!header || !journal::parse_file_header(*header, "job")) return std::nullopt;
  auto record = reader.next();
  if (!record || record->type != journal::RecordType::manifest) return std::nullopt;
  auto manifest = decode_manifest(record->text());
  if (!manifest) return std::nullopt;
  return *std::move(manifest);
}

/// The last record says how many tasks there are, under a checksum of its own. Only where the writer is known
/// to have ended with it: a growing job's file may end with a task's bytes that look like one.
std::optional<std::uint64_t> read_total(system::File& file, std::uint64_t size) {
  std::array<std::byte, closed_size> tail{};
  if (size < closed_size) return std::nullopt;
  auto got = file.read_at(size - closed_size, tail);
  if (!got || *got != closed_size) return std::nullopt;
  journal::RecordReader reader(tail);
  auto record = reader.next();
  if (!record || record->type != journal::RecordType::closed) return std::nullopt;
  return journal::load_little<std::uint64_t>(record->body.data());
}

}  // namespace

std::optional<TaskOutline> read_outline(system::Files& files, const std::string& job_path) {
  auto file = files.open_read(job_path + "/" + to_name({}));
  if (!file) return std::nullopt;
  auto info = (*file)->info();
  if (!info || info->owner != geteuid()) return std::nullopt;
  auto manifest = read_manifest(**file, info->size);
  if (!manifest || manifest->growing) return std::nullopt;
  auto total = read_total(**file, info->size);
  if (!total) return std::nullopt;
  return TaskOutline{*std::move(manifest), *total};
}

}  // namespace errand::share
