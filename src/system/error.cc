// SPDX-License-Identifier: Apache-2.0
#include "errand/error.h"

namespace errand {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::ambiguous:
      return "ambiguous";
    case ErrorCode::place_unreadable:
      return "place_unreadable";
    case ErrorCode::place_unwritable:
      return "place_unwritable";
    case ErrorCode::no_space:
      return "no_space";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::version_mismatch:
      return "version_mismatch";
    case ErrorCode::foreign_owner:
      return "foreign_owner";
    case ErrorCode::not_finished:
      return "not_finished";
    case ErrorCode::job_failed:
      return "job_failed";
    case ErrorCode::job_canceled:
      return "job_canceled";
    case ErrorCode::job_missing:
      return "job_missing";
    case ErrorCode::type_mismatch:
      return "type_mismatch";
    case ErrorCode::unsupported_codec:
      return "unsupported_codec";
    case ErrorCode::engine_unavailable:
      return "engine_unavailable";
    case ErrorCode::engine_refused:
      return "engine_refused";
    case ErrorCode::not_supported:
      return "not_supported";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::interrupted:
      return "interrupted";
    case ErrorCode::exists:
      return "exists";
    case ErrorCode::system:
      return "system";
  }
  return "unknown";
}

}  // namespace errand
