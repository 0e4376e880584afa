// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace errand {

/// What went wrong, for programs. The message says it for people.
enum class ErrorCode : std::uint8_t {
  invalid_argument,    ///< the caller's arguments cannot be meant (unequal lengths, unknown names)
  not_found,           ///< no such job, file or context
  ambiguous,           ///< a prefix, or an id in two places, names more than one job
  place_unreadable,    ///< the share directory cannot be read or lacks its marker
  place_unwritable,    ///< the share directory cannot be written
  no_space,            ///< disk or quota full
  corrupt,             ///< bytes on disk are not what their checksum says
  version_mismatch,    ///< written by a newer major version
  foreign_owner,       ///< belongs to another user who is not trusted
  not_finished,        ///< results asked of a job that has not ended
  job_failed,          ///< results asked of a job whose status is failed
  job_canceled,        ///< results asked of a canceled job
  job_missing,         ///< the job was removed, or never existed
  type_mismatch,       ///< a value is not of the type asked for
  unsupported_codec,   ///< a value written by another language
  engine_unavailable,  ///< the engine could not be started or asked
  engine_refused,      ///< the engine said no
  not_supported,       ///< this engine or this machine cannot do it
  timeout,             ///< the time given ran out; nothing was changed
  interrupted,         ///< a signal ended the wait; the job goes on
  exists,              ///< an exclusive creation found the name taken
  system,              ///< any other failure of the operating system
};

/// The code's name, as written above.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

/// A failure as a value. The library never throws on its own account, never exits and never prints.
struct Error {
  ErrorCode code = ErrorCode::system;
  std::string message;     ///< one sentence: what failed, on what
  bool transient = false;  ///< true: the same call may succeed later, nothing has to change
  std::string hint;        ///< what to do next; empty if there is nothing to say
  int os_error = 0;        ///< errno where the operating system spoke, else 0
};

/// A value of type T or an Error. The caller must look before taking the value.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// The value. Requires ok().
  [[nodiscard]] T& value() & {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] T value_or(T other) const& { return ok() ? value() : std::move(other); }

  /// The error. Requires !ok().
  [[nodiscard]] const Error& error() const& {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const Error& error() const& {
    assert(!ok());
    return *error_;
  }
  [[nodiscard]] Error&& error() && {
    assert(!ok());
    return *std::move(error_);
  }

 private:
  std::optional<Error> error_;  ///< not made on success: every task of ten million passes several of these
};

}  // namespace errand
