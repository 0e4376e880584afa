// SPDX-License-Identifier: Apache-2.0
#include "errand/buffer.h"

#include <string>

namespace errand {

Buffer Buffer::copy_of(std::span<const std::byte> bytes) {
  return copy_of(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Buffer Buffer::copy_of(std::string_view text) {
  return take(std::string(text));
}

}  // namespace errand
