// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "r_api.h"

/// The arguments that differ from task to task: one value after the other, each headed by a byte that
/// says what it is. Only R reads them.
namespace errand::r {

/// Appends element `at` of an atomic vector without class, or of a list. Throws cpp11::unwind_exception.
void append_argument(SEXP vector, R_xlen_t at, std::string& out);

/// Takes the next value off `bytes`. May jump.
[[nodiscard]] SEXP take_argument(std::span<const std::byte>& bytes);

}  // namespace errand::r
