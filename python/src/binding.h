// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <utility>

#include "errand/error.h"
#include "errand/job.h"

/// One bind_ function per subject; module.cc calls them. Everything here runs with the GIL held unless it
/// says otherwise.
namespace errand::python {

namespace nb = nanobind;

void bind_contexts(nb::module_& module);
void bind_exec(nb::module_& module);
void bind_jobs(nb::module_& module);
void bind_results(nb::module_& module);
void bind_growing(nb::module_& module);
void bind_worker(nb::module_& module);
void bind_buffers(nb::module_& module);
void bind_data_sources(nb::module_& module);

/// Raises the Python exception that errand.errors has for this error.
[[noreturn]] void raise(const Error& error);

/// The value, or the error raised.
template <class T>
T take(Result<T> result) {
  if (!result) raise(result.error());
  return *std::move(result);
}
inline void take(Result<void> result) {
  if (!result) raise(result.error());
}

/// Runs `call` without the GIL and takes its result.
template <class Call>
auto take_unlocked(Call&& call) {
  auto result = [&] {
    nb::gil_scoped_release unlocked;
    return call();
  }();
  return take(std::move(result));
}

/// The exception that is set, as an object with its traceback, and no longer set. Requires one.
nb::object catch_exception();

/// A named attribute of a module, looked up once. Never given back: it is used until the process ends.
PyObject* lookup(const char* module, const char* name);

/// The GIL for a stretch of calls that come from code which runs without it: taken at the first touch(),
/// given back by pause() and at the end.
class GilWindow {
 public:
  GilWindow() = default;
  ~GilWindow() { pause(); }
  GilWindow(const GilWindow&) = delete;
  GilWindow& operator=(const GilWindow&) = delete;
  void touch() {
    if (!held_) {
      state_ = PyGILState_Ensure();
      held_ = true;
    }
  }
  void pause() {
    if (held_) {
      held_ = false;
      PyGILState_Release(state_);
    }
  }

 private:
  PyGILState_STATE state_{};
  bool held_ = false;
};

/// An exception that was raised inside a callback of the core, kept until the core has returned.
class PendingException {
 public:
  /// Takes over the exception that is set. With the GIL.
  void keep() {
    if (!error_) error_.emplace();
  }
  [[nodiscard]] bool is_set() const { return error_.has_value(); }
  /// Raises it, if there is one. With the GIL.
  void raise_again() {
    if (error_) {
      nb::python_error error = std::move(*error_);
      error_.reset();
      throw error;
    }
  }

 private:
  std::optional<nb::python_error> error_;
};

}  // namespace errand::python
