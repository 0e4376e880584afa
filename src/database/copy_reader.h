// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "database/column_builder.h"
#include "errand/error.h"

namespace errand::database {

/// Reads the stream of COPY ... (FORMAT binary) into columns. Pieces may end anywhere; a server ends them
/// behind whole rows, and then nothing is copied twice.
class CopyReader {
 public:
  using Block = std::function<Result<void>(std::vector<Column>)>;

  /// `block` gets the columns whenever there are `rows` rows of them, and by finish().
  CopyReader(std::vector<ColumnBuilder> columns, std::uint64_t rows, Block block);

  /// Errors: corrupt (no such stream), and the block's own.
  Result<void> read(std::string_view piece);
  /// Hands over what is left; an empty block only if there was none before. Errors: as read.
  Result<void> finish();

 private:
  [[nodiscard]] std::size_t header_size(std::string_view bytes) const;
  Result<std::size_t> read_rows(std::string_view bytes);
  [[nodiscard]] std::size_t split_row(std::string_view bytes);
  Result<void> append_row();
  Result<void> hand_over();

  std::vector<ColumnBuilder> columns_;
  std::uint64_t rows_per_block_;
  Block block_;
  struct Field {
    const char* data;
    std::int32_t size;  ///< -1: null
  };
  std::vector<Field> fields_;
  std::string rest_;  ///< the beginning of a row whose end is still to come
  bool header_read_ = false;
  bool ended_ = false;
  bool damaged_ = false;
  bool any_block_ = false;
  std::uint64_t rows_ = 0;
};

}  // namespace errand::database
