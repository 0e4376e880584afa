// SPDX-License-Identifier: Apache-2.0
#include "journal/record.h"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "journal/corrupt.h"
#include "journal/hash.h"
#include "journal/little_endian.h"
#include "journal/safe_msgpack.h"

namespace errand::journal {
namespace {

using namespace std::literals;

constexpr std::size_t hash_offset = 16;

constexpr std::array names = {"unknown"sv,  "file_header"sv, "manifest"sv,  "arguments"sv, "tasks"sv,
                              "closed"sv,   "outcomes"sv,    "sync_mark"sv, "lost"sv,      "request"sv,
                              "verdict"sv,  "seal"sv,        "claim"sv,     "engine"sv,    "fetched"sv,
                              "function"sv, "vouched"sv,     "submission"sv};

bool is_known(std::uint32_t type) noexcept {
  return type > 0 && type < names.size();
}

Error header_error(const Record& record, const std::string& what) {
  return corrupt("the record at offset " + std::to_string(record.offset) + " " + what);
}

Error newer_version(std::uint64_t major, std::uint64_t minor) {
  FileHeader ours;
  return {.code = ErrorCode::version_mismatch,
          .message = "written in format " + std::to_string(major) + "." + std::to_string(minor) +
                     ", this errand reads format " + std::to_string(ours.major) + "." +
                     std::to_string(ours.minor),
          .hint = "use the version of errand that wrote it, or a newer one"};
}

}  // namespace

std::string_view to_string(RecordType type) noexcept {
  auto number = static_cast<std::uint32_t>(type);
  return names[is_known(number) ? number : 0];
}

std::size_t begin_record(std::string& out) {
  std::size_t position = out.size();
  out.append(record_header_size, '\0');
  return position;
}

void finish_record(std::string& out, std::size_t position, RecordType type, std::uint32_t flags) {
  std::size_t length = out.size() - position - record_header_size;
  out.append(record_size(length) - record_header_size - length, '\0');
  char* header = out.data() + position;
  char* at = store_little(header, static_cast<std::uint32_t>(type));
  at = store_little(at, flags);
  at = store_little(at, static_cast<std::uint64_t>(length));
  const auto* body = reinterpret_cast<const std::byte*>(header + record_header_size);
  store_little(at, hash_record(header, {body, length}));
}

void append_record(std::string& out, RecordType type, std::string_view body, std::uint32_t flags) {
  std::size_t position = begin_record(out);
  out.append(body);
  finish_record(out, position, type, flags);
}

std::optional<Record> RecordReader::next() {
  auto stop = [this](std::string why) {
    dropped_ = "at offset " + std::to_string(good_end()) + ": " + std::move(why);
    return std::nullopt;
  };
  while (position_ < bytes_.size()) {
    const std::byte* header = bytes_.data() + position_;
    std::uint64_t left = bytes_.size() - position_;
    if (left < record_header_size) return stop("the file ends inside a record's header");
    auto type = load_little<std::uint32_t>(header);
    auto flags = load_little<std::uint32_t>(header + 4);
    auto length = load_little<std::uint64_t>(header + 8);
    // The first test keeps record_size from wrapping round.
    if (length > left || record_size(length) > left) return stop("the file ends inside a record");
    std::span<const std::byte> body(header + record_header_size, length);
    if (hash_record(header, body) != load_little<std::uint64_t>(header + hash_offset)) {
      return stop("a record's checksum is wrong");
    }
    if (!is_known(type) && (flags & must_understand) != 0) {
      return stop("a record of type " + std::to_string(type) + " must be understood and is unknown");
    }
    std::uint64_t offset = good_end();
    position_ += record_size(length);
    if (is_known(type)) return Record{static_cast<RecordType>(type), flags, offset, body};
  }
  dropped_.clear();
  return std::nullopt;
}

void append_file_header(std::string& out, const FileHeader& header) {
  nlohmann::json map = {{"major", header.major},  {"minor", header.minor}, {"kind", header.kind},
                        {"job", header.job},      {"chunk", header.chunk}, {"generation", header.generation},
                        {"worker", header.worker}};
  std::string body;
  nlohmann::json::to_msgpack(map, body);
  append_record(out, RecordType::file_header, body);
}

Result<FileHeader> parse_file_header(const Record& record, std::string_view kind) {
  constexpr std::uint64_t u16 = std::numeric_limits<std::uint16_t>::max();
  constexpr std::uint64_t u32 = std::numeric_limits<std::uint32_t>::max();
  if (record.type != RecordType::file_header) return header_error(record, "is no file header");
  auto map = read_map(record.body);
  if (!map) return header_error(record, "is no readable file header");
  auto major = number_member(*map, "major", u16);
  auto minor = number_member(*map, "minor", u16);
  if (!major || !minor || *major == 0) return header_error(record, "names no format version");
  // Before anything else: a higher major may mean anything by the rest.
  if (*major > FileHeader{}.major) return newer_version(*major, *minor);
  auto found = text_member(*map, "kind");
  if (!found || *found != kind) {
    return header_error(
        record, "begins a file of kind '" + found.value_or("") + "', not '" + std::string(kind) + "'");
  }
  auto job = text_member(*map, "job");
  auto chunk = number_member(*map, "chunk", u32);
  auto generation = number_member(*map, "generation", u32);
  auto worker = number_member(*map, "worker", u32);
  if (!job || !chunk || !generation || !worker) return header_error(record, "lacks a field of a file header");
  return FileHeader{.major = static_cast<std::uint16_t>(*major),
                    .minor = static_cast<std::uint16_t>(*minor),
                    .kind = std::move(*found),
                    .job = std::move(*job),
                    .chunk = static_cast<std::uint32_t>(*chunk),
                    .generation = static_cast<std::uint32_t>(*generation),
                    .worker = static_cast<std::uint32_t>(*worker)};
}

}  // namespace errand::journal
