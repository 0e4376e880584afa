// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cpp11/R.hpp>
#include <cpp11/protect.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errand/error.h"

/// The few words in which this package speaks to R's C interface.
namespace errand::r {

/// Turns a C++ body into a .Call routine: R's jumps and C++ exceptions leave it as R errors.
/// cpp11's own macros print through Rf_errorcall; the same is done here for lambdas.
template <class Body>
SEXP call_body(Body&& body) {
  SEXP token = R_NilValue;
  char text[8192] = "";
  try {
    return body();
  } catch (cpp11::unwind_exception& jump) {
    token = jump.token;
  } catch (const std::exception& thrown) {
    std::string_view(thrown.what()).substr(0, sizeof text - 1).copy(text, sizeof text - 1);
    if (text[0] == '\0') text[0] = '?';
  } catch (...) {
    text[0] = '?';
  }
  if (text[0] != '\0') Rf_errorcall(R_NilValue, "%s", text);
  R_ContinueUnwind(token);
  return R_NilValue;
}

/// Keeps an R object alive as long as it lives itself. Not for the fast path.
class Kept {
 public:
  Kept() = default;
  explicit Kept(SEXP object) : object_(object) {
    if (object_ != nullptr) R_PreserveObject(object_);
  }
  Kept(Kept&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Kept& operator=(Kept&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() {
    if (object_ != nullptr) R_ReleaseObject(object_);
  }
  [[nodiscard]] SEXP get() const { return object_ == nullptr ? R_NilValue : object_; }

 private:
  SEXP object_ = nullptr;
};

/// UTF-8 text as an R string, and the other way round. The first may jump.
[[nodiscard]] SEXP text_to_r(std::string_view text);
[[nodiscard]] SEXP texts_to_r(const std::vector<std::string>& texts);
[[nodiscard]] std::string text_of(SEXP string);
[[nodiscard]] std::vector<std::string> texts_of(SEXP strings);

/// Whether every byte of a CHARSXP is ASCII.
[[nodiscard]] bool is_ascii(SEXP text) noexcept;

/// An element of a named list by its name; R_NilValue if there is none.
[[nodiscard]] SEXP element(SEXP list, const char* name);

/// A failure as the R side's `checked()` expects it: a list of class errand_failure. May jump.
[[nodiscard]] SEXP error_to_r(const Error& error);

/// Makes a named list of what it is given. All of it may jump: for use inside unwind_protect.
class ListBuilder {
 public:
  explicit ListBuilder(R_xlen_t size);
  ~ListBuilder() { UNPROTECT(2); }
  ListBuilder(const ListBuilder&) = delete;
  ListBuilder& operator=(const ListBuilder&) = delete;
  void add(const char* name, SEXP value);
  void add(const char* name, std::string_view value) { add(name, text_to_r(value)); }
  void add(const char* name, double value) { add(name, Rf_ScalarReal(value)); }
  void add(const char* name, bool value) { add(name, Rf_ScalarLogical(value ? 1 : 0)); }
  [[nodiscard]] SEXP get() const { return list_; }

 private:
  SEXP list_;
  SEXP names_;
  R_xlen_t used_ = 0;
};

}  // namespace errand::r
