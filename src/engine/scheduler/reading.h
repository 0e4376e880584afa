// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scheduler/dialect.h"
#include "errand/error.h"

/// What dialects share in taking apart what schedulers print and what users ask for. Pure and total.
namespace errand::engine::scheduler {

/// The text up to `separator`, or all of it; cuts it off, with the separator.
std::string_view take_field(std::string_view& text, char separator);

/// Without blanks at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// Decimal digits and nothing else.
[[nodiscard]] std::optional<std::uint32_t> to_number(std::string_view text);

/// The name of a job that errand submitted.
[[nodiscard]] bool is_our_name(std::string_view name);

/// "Sat Nov 21 13:59:28 2026" in this host's time zone as Unix time; 0: it is none.
[[nodiscard]] std::int64_t read_calendar_time(std::string_view text);

/// A time limit as sbatch reads it, which is how errand's option `time` is written for every scheduler:
/// "minutes", "m:s", "h:m:s", "d-h", "d-h:m", "d-h:m:s". In seconds. Errors: invalid_argument.
[[nodiscard]] Result<std::uint32_t> read_time_limit(std::string_view text);

/// A size of memory as errand's option `memory` is written for every scheduler: a plain number means
/// megabytes, which not all of them take it for. "4GB" is given as "4G". What is no size is given as it is.
[[nodiscard]] std::string memory_size(std::string_view text);

/// A value of engine_options; null if it is not there or empty.
[[nodiscard]] const std::string* find_option(const ArrayRequest& request, std::string_view name);

/// The option is "true".
[[nodiscard]] bool is_option_on(const ArrayRequest& request, std::string_view name);

/// The option as a whole number of at least 1, or `otherwise`. Errors: invalid_argument.
[[nodiscard]] Result<std::uint32_t> number_option(const ArrayRequest& request, std::string_view name,
                                                  std::uint32_t otherwise);

/// The value as a line of a submit script may carry it between double quotes. Errors: invalid_argument.
[[nodiscard]] Result<std::string> plain_value(std::string_view name, std::string_view value,
                                              std::string_view refused = "\"\\");

[[nodiscard]] Error not_understood(std::string_view program, std::string_view text);
[[nodiscard]] Error no_answer(std::string_view program, const Answer& answer);
/// A submission that failed. `doubtful`: the scheduler may have the array all the same, and is asked by name.
[[nodiscard]] Error not_submitted(std::string_view program, const Answer& answer, bool doubtful);
/// A submission that succeeded as it seems, and no id can be read: it is asked for by name, too.
[[nodiscard]] Error no_id(std::string_view program, std::string_view text);

/// What all of the names begin with.
[[nodiscard]] std::string common_beginning(const std::vector<std::string>& names);

}  // namespace errand::engine::scheduler
