// SPDX-License-Identifier: Apache-2.0
#include "function/thrown.h"

#include <cxxabi.h>

#include <exception>
#include <new>
#include <string>

#include "errand/function.h"

namespace errand::functions {
namespace {

/// A message is for people; a value is what carries data.
constexpr std::size_t most_message = std::size_t{64} << 10;
constexpr int most_nested = 16;

std::string bounded(const char* text) {
  std::string message = text != nullptr ? text : "";
  if (message.size() > most_message) {
    message.resize(most_message);
    message += " ... (cut)";
  }
  return message;
}

std::string describe(const std::exception& thrown) {
  return detail::type_name(typeid(thrown)) + ": " + bounded(thrown.what());
}

/// One line for each exception that `thrown` carries inside.
void append_nested(const std::exception& thrown, std::string& lines, int depth) {
  const auto* carrier = dynamic_cast<const std::nested_exception*>(&thrown);
  if (carrier == nullptr || !carrier->nested_ptr() || depth == most_nested) return;
  try {
    carrier->rethrow_nested();
  } catch (const std::exception& cause) {
    lines += "caused by " + describe(cause) + "\n";
    append_nested(cause, lines, depth + 1);
  } catch (...) {
    lines += "caused by something that is not a std::exception\n";
  }
}

TaskFailure describe_exception(const std::exception& thrown) {
  TaskFailure failure;
  failure.type = detail::type_name(typeid(thrown));
  failure.message = bounded(thrown.what());
  append_nested(thrown, failure.traceback, 0);
  return failure;
}

TaskFailure describe_other() {
  TaskFailure failure;
  const std::type_info* type = abi::__cxa_current_exception_type();
  failure.type = type != nullptr ? detail::type_name(*type) : "unknown";
  failure.message = "the task threw something that is not a std::exception, of type " + failure.type;
  return failure;
}

TaskFailure out_of_memory(const std::bad_alloc& thrown) {
  TaskFailure failure = describe_exception(thrown);
  failure.cause = FailureCause::memory_limit;
  failure.message = "the task asked for more memory than its limit allows";
  return failure;
}

}  // namespace

TaskFailure describe_thrown(bool memory_limited) {
  try {
    throw;
  } catch (const std::bad_alloc& thrown) {
    return memory_limited ? out_of_memory(thrown) : describe_exception(thrown);
  } catch (const std::exception& thrown) {
    return describe_exception(thrown);
  } catch (...) {
    return describe_other();
  }
}

}  // namespace errand::functions
