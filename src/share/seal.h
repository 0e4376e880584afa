// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"
#include "errand/job_status.h"

namespace errand::share {

/// The settled job in one record: all that get_jobs prints and which outcomes count. Derivable from the
/// other files; void when the directory holds more requests than `requests`. Fixed binary layout, because
/// a listing reads a hundred thousand of them:
///     u8 status, u8 and u16 zero, u32 requests,
///     u64 succeeded, failed, total; i64 created_ns, sealed_ns;
///     u64 context hash (of every field); then strings, each u32 length and bytes:
///     reason, function, engine, host, user
struct Seal {
  StatusReport report;
  std::uint32_t requests = 0;
  std::int64_t created_ns = 0;
  std::int64_t sealed_ns = 0;
  std::uint64_t context_hash = 0;
  std::string function;
  std::string engine;
  std::string host;
  std::string user;
};
[[nodiscard]] std::string encode(const Seal& seal);
/// Errors: corrupt.
[[nodiscard]] Result<Seal> decode_seal(std::string_view body);

}  // namespace errand::share
