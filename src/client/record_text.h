// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "journal/record.h"

namespace errand::client {

/// One record for people: offset, type, size, and its fields on lines below it.
void describe_record(const journal::Record& record, const std::function<void(std::string_view)>& sink);

}  // namespace errand::client
