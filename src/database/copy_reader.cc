// SPDX-License-Identifier: Apache-2.0
#include "database/copy_reader.h"

#include <cstring>

#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);
constexpr std::size_t shortest_header = 19;  // with flags and the length of an extension
constexpr std::uint32_t critical_flags = 0xFFFF0000U;

std::uint32_t word32(const char* bytes) {
  std::uint32_t wire = 0;
  std::memcpy(&wire, bytes, sizeof wire);
  return __builtin_bswap32(wire);
}

std::int16_t word16(const char* bytes) {
  std::uint16_t wire = 0;
  std::memcpy(&wire, bytes, sizeof wire);
  return static_cast<std::int16_t>(__builtin_bswap16(wire));
}

Error damaged_stream() {
  return {ErrorCode::corrupt, "the server's rows are not what COPY's binary format says", false, {}, 0};
}

}  // namespace

CopyReader::CopyReader(std::vector<ColumnBuilder> columns, std::uint64_t rows, Block block)
    : columns_(std::move(columns)), rows_per_block_(rows), block_(std::move(block)) {
  fields_.resize(columns_.size());
}

/// 0: more is needed.
std::size_t CopyReader::header_size(std::string_view bytes) const {
  if (bytes.size() < shortest_header) return 0;
  const std::size_t size = shortest_header + word32(bytes.data() + signature.size() + 4);
  return bytes.size() < size ? 0 : size;
}

Result<void> CopyReader::read(std::string_view piece) {
  if (ended_) return {};
  std::string joined;
  if (!rest_.empty()) {
    joined = std::move(rest_) + std::string(piece);
    rest_.clear();
    piece = joined;
  }
  if (!header_read_) {
    if (!piece.starts_with(signature.substr(0, piece.size()))) return damaged_stream();
    const std::size_t header = header_size(piece);
    if (header == 0) {
      rest_ = piece;
      return {};
    }
    if ((word32(piece.data() + signature.size()) & critical_flags) != 0) return damaged_stream();
    header_read_ = true;
    piece.remove_prefix(header);
  }
  TRY(const std::size_t used, read_rows(piece));
  rest_ = piece.substr(used);
  return {};
}

Result<std::size_t> CopyReader::read_rows(std::string_view bytes) {
  std::size_t used = 0;
  while (!ended_) {
    const std::size_t row = split_row(bytes.substr(used));
    if (damaged_) return damaged_stream();
    if (row == 0) break;
    used += row;
    if (!ended_) TRY_VOID(append_row());
  }
  return used;
}

/// Finds the fields of the first row; gives its size, 0 if its end is not there yet.
std::size_t CopyReader::split_row(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  const std::int16_t count = word16(bytes.data());
  std::size_t at = 2;
  ended_ = count == -1;
  if (ended_) return at;
  damaged_ = count < 0 || static_cast<std::size_t>(count) != columns_.size();
  for (std::size_t i = 0; i < columns_.size() && !damaged_; ++i) {
    if (bytes.size() - at < 4) return 0;
    const auto size = static_cast<std::int32_t>(word32(bytes.data() + at));
    at += 4;
    fields_[i] = {bytes.data() + at, size};
    damaged_ = size < -1;
    if (size <= 0) continue;
    if (bytes.size() - at < static_cast<std::size_t>(size)) return 0;
    at += static_cast<std::size_t>(size);
  }
  return at;
}

Result<void> CopyReader::append_row() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Field& field = fields_[i];
    if (field.size < 0) {
      columns_[i].append_null();
    } else if (!columns_[i].append({field.data, static_cast<std::size_t>(field.size)})) {
      return damaged_stream();
    }
  }
  return ++rows_ < rows_per_block_ ? Result<void>() : hand_over();
}

Result<void> CopyReader::hand_over() {
  std::vector<Column> taken;
  for (ColumnBuilder& column : columns_) taken.push_back(column.take());
  rows_ = 0;
  any_block_ = true;
  return block_(std::move(taken));
}

Result<void> CopyReader::finish() {
  if (!ended_) return damaged_stream();
  return rows_ > 0 || !any_block_ ? hand_over() : Result<void>();
}

}  // namespace errand::database
