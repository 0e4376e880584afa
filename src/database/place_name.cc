// SPDX-License-Identifier: Apache-2.0
#include "database/target.h"

namespace errand::database {

std::string place_name(const std::string& text) {
  auto target = parse_connection_string(text);
  if (!target) return text;
  std::string name = target->place();
  // What the name leaves out would be gone.
  if (text != name) remember_target(*target);
  return name;
}

}  // namespace errand::database
