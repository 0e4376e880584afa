// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "errand/job_result.h"

namespace errand::cli {

using Json = nlohmann::ordered_json;

/// One line; bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string json_text(const Json& json);

[[nodiscard]] std::string base64(std::string_view bytes);

/// A MessagePack value as JSON. What JSON has no word for: NaN and infinities become the strings
/// "NaN", "Infinity", "-Infinity"; binary and text that is no UTF-8 {"base64": ...}; extension types
/// {"extension": type, "base64": ...}; maps whose keys are not distinct strings {"pairs": [[key, value],
/// ...]}. Errors: corrupt.
[[nodiscard]] Result<Json> msgpack_to_json(std::string_view bytes);

/// The members that describe a value in a task's object: "codec" and "value"; for raw bytes "encoding"
/// too ("text" or "base64"); for a program "exit_code" and "signal"; for values of other languages
/// "size" in place of the value. A value that cannot be read gives "unreadable" with the reason.
[[nodiscard]] Json value_members(const EncodedValue& value);

/// The same value as one line of text for people.
[[nodiscard]] std::string value_line(const EncodedValue& value);

}  // namespace errand::cli
