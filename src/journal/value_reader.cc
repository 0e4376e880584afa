// SPDX-License-Identifier: Apache-2.0
#include "journal/value_reader.h"

#include <algorithm>
#include <utility>

#include "journal/corrupt.h"
#include "journal/hash.h"
#include "system/try.h"

namespace errand::journal {

Error ValueReader::wrong(const StoredBuffer& buffer, const std::string& what) const {
  return corrupt(name_ + ": the value of " + std::to_string(buffer.length) + " bytes at offset " +
                 std::to_string(buffer.offset) + " " + what);
}

Result<Buffer> ValueReader::view(const StoredBuffer& buffer) {
  auto inside = [&] {
    return window_ && buffer.offset >= window_begin_ && buffer.offset - window_begin_ <= window_->size() &&
           buffer.length <= window_->size() - (buffer.offset - window_begin_);
  };
  if (!inside()) {
    TRY(system::FileInfo info, file_->info());
    if (buffer.offset > info.size || buffer.length > info.size - buffer.offset) {
      return wrong(buffer, "lies beyond the file's end at " + std::to_string(info.size));
    }
    if (buffer.length >= own_view_size) return file_->view(buffer.offset, buffer.length);
    std::uint64_t length = std::min(window_size, info.size - buffer.offset);
    TRY(Buffer window, file_->view(buffer.offset, length));
    window_ = std::make_shared<const Buffer>(std::move(window));
    window_begin_ = buffer.offset;
    if (!inside()) return wrong(buffer, "lies beyond the file's end");
  }
  return Buffer(window_, window_->bytes().subspan(buffer.offset - window_begin_, buffer.length));
}

Result<Buffer> ValueReader::read(const StoredBuffer& buffer) {
  TRY(Buffer bytes, view(buffer));
  if (bytes.size() != buffer.length) return wrong(buffer, "was cut while it was read");
  if (hash_bytes(bytes.bytes()) != buffer.hash) return wrong(buffer, "has a wrong checksum");
  return bytes;
}

Result<std::vector<Buffer>> ValueReader::read(const OutcomeHead& outcome) {
  TRY(auto stored, read_stored_buffers(outcome.inline_bytes));
  std::vector<Buffer> buffers;
  buffers.reserve(stored.size());
  for (const StoredBuffer& buffer : stored) {
    TRY(Buffer bytes, read(buffer));
    buffers.push_back(std::move(bytes));
  }
  return buffers;
}

}  // namespace errand::journal
