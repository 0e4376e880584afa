// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

/// MessagePack maps read from disk. For source files only: no header of errand pulls the library in.
namespace errand::journal {

/// The bytes as one map, or nothing if they are anything else. Total: nesting is limited, so that no
/// bytes can exhaust the stack.
[[nodiscard]] std::optional<nlohmann::json> read_map(std::span<const std::byte> bytes);

/// A member of that name and type, or nothing. Numbers must fit: no value is ever cut.
[[nodiscard]] std::optional<std::string> text_member(const nlohmann::json& map, const char* name);
[[nodiscard]] std::optional<std::uint64_t> number_member(const nlohmann::json& map, const char* name,
                                                         std::uint64_t most);

}  // namespace errand::journal
