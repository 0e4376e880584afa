// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as a journal file, and as the body of a record with a right checksum.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "journal/outcome.h"
#include "journal/record.h"

namespace {

using namespace errand::journal;

void read_body(const Record& record) {
  (void)parse_file_header(record, "log");
  std::size_t position = 0;
  for (;;) {
    auto outcome = read_outcome(record.body, position);
    if (!outcome || !*outcome) return;
    (void)decode_failure(**outcome);
    (void)read_stored_buffers((*outcome)->inline_bytes);
  }
}

void read_file(std::span<const std::byte> bytes) {
  RecordReader reader(bytes);
  while (auto record = reader.next()) read_body(*record);
  bool complete = reader.good_end() == bytes.size();
  if (reader.good_end() > bytes.size() || complete != reader.dropped().empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  read_file(bytes);
  // Chance does not find checksums: the rest must be reached with a right one.
  std::string_view body(reinterpret_cast<const char*>(data), size);
  for (RecordType type : {RecordType::file_header, RecordType::outcomes}) {
    std::string file;
    append_record(file, type, body);
    read_file(std::as_bytes(std::span(file)));
  }
  Outcome failed;
  failed.inline_bytes = bytes;
  (void)decode_failure(failed);
  return 0;
}
