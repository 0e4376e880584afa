// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace errand::golden {

/// The document's text. Fails the test if it cannot be read.
[[nodiscard]] std::string read_document(const std::string& path);

/// Compares the block of a document between "<!-- golden: NAME -->" and "<!-- end of golden -->" with
/// `content`; with ERRAND_ACCEPT=1 in the environment writes it there instead.
void expect_golden_block(const std::string& path, std::string_view name, std::string_view content);

}  // namespace errand::golden
