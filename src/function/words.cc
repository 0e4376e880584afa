// SPDX-License-Identifier: Apache-2.0
#include "errand/buffer.h"
#include "errand/job_result.h"

namespace errand {

std::string_view to_string(Codec codec) noexcept {
  switch (codec) {
    case Codec::none:
      return "none";
    case Codec::raw:
      return "raw";
    case Codec::msgpack:
      return "msgpack";
    case Codec::pickle:
      return "pickle";
    case Codec::r_serialize:
      return "r_serialize";
    case Codec::program:
      return "program";
  }
  return "unknown";
}

std::string_view to_string(FailureCause cause) noexcept {
  switch (cause) {
    case FailureCause::none:
      return "none";
    case FailureCause::user_error:
      return "user_error";
    case FailureCause::given_up:
      return "given_up";
    case FailureCause::time_limit:
      return "time_limit";
    case FailureCause::memory_limit:
      return "memory_limit";
    case FailureCause::not_startable:
      return "not_startable";
    case FailureCause::canceled:
      return "canceled";
  }
  return "unknown";
}

}  // namespace errand
