// SPDX-License-Identifier: Apache-2.0
#include "cli/argument_secrets.h"

#include <cstring>
#include <string_view>

#include "errand/compute_context.h"

namespace errand::cli {

std::string shown_argument(const std::string& argument) {
  const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
  const std::size_t value = equals == std::string::npos ? 0 : equals + 1;
  return argument.substr(0, value) + without_secrets(std::string_view(argument).substr(value));
}

void hide_passwords(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::size_t size = std::strlen(argv[i]);
    const std::string shown = shown_argument(argv[i]);
    if (shown == argv[i]) continue;
    // Longer than the place it has: a URI can be, of very short keywords.
    std::memset(argv[i], shown.size() > size ? '*' : '\0', size);
    if (shown.size() <= size) std::memcpy(argv[i], shown.data(), shown.size());
  }
}

}  // namespace errand::cli
