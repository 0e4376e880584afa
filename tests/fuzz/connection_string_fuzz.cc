// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as a connection string, in each of its forms, and as an ini file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "database/connection_string.h"
#include "database/odbc_string.h"

namespace {

using namespace errand::database;

void check(const errand::Result<Target>& target) {
  if (!target) {
    if (target.error().message.empty()) std::abort();
    return;
  }
  const auto host = target->parameters.find("host");
  if (host != target->parameters.end() && host->second.find(',') != std::string::npos) std::abort();
  // A place has to lead back to itself, whatever is in the names.
  const auto again = parse_connection_string(target->place(), OdbcRegistry{});
  if (!again || again->place() != target->place()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(parse_connection_string(text, OdbcRegistry{}));
  check(read_odbc(text, OdbcRegistry{}));
  (void)split_odbc(text);
  (void)parse_ini(text);
  return 0;
}
