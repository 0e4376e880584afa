// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "system/files.h"

namespace errand::database {

/// What no file of a database has, because it is rows: memory to share, holes, a descriptor, pages to write
/// back.
class TableFile : public system::File {
 public:
  /// Every append was a commit.
  Result<void> sync() override { return {}; }
  Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t) override { return has_no("shared memory"); }
  void start_writeback() override {}
  Result<void> punch_hole(std::uint64_t, std::uint64_t) override { return has_no("holes"); }
  Result<bool> try_lock() override { return has_no("lock"); }
  Result<bool> is_locked() override { return has_no("lock"); }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  static Error has_no(const char* what) {
    return {ErrorCode::not_supported, std::string("this file of a database has no ") + what, false, "", 0};
  }
};

}  // namespace errand::database
