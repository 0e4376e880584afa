// SPDX-License-Identifier: Apache-2.0
#include "journal/value_sink.h"

#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "system/try.h"

namespace errand::journal {
namespace {

[[noreturn]] void raise(const Error& error) {
  int number = error.os_error != 0 ? error.os_error : EIO;
  throw std::system_error(number, std::generic_category(), error.message);
}

}  // namespace

template <class T>
T StoredValueSink::take(Result<T> result) {
  if (!result) {
    error_ = std::move(result).error();
    raise(*error_);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void StoredValueSink::write(const char* data, std::size_t size) {
  if (error_) raise(*error_);
  if (!stored_) {
    if (inline_.size() + size < stored_size) {
      inline_.append(data, size);
      return;
    }
    spill();
  }
  take(values_->write(std::as_bytes(std::span(data, size))));
}

void StoredValueSink::spill() {
  take(values_->begin_buffer());
  stored_ = true;
  take(values_->write(std::as_bytes(std::span(inline_))));
  inline_.clear();
}

void StoredValueSink::end_buffer() {
  append_stored_buffer(buffers_, take(values_->end_buffer()));
}

void StoredValueSink::next_buffer() {
  if (error_) raise(*error_);
  if (!stored_) spill();
  end_buffer();
  take(values_->begin_buffer());
}

Result<void> StoredValueSink::finish() {
  if (error_) return *error_;
  if (!stored_) return {};
  TRY(StoredBuffer last, values_->end_buffer());
  append_stored_buffer(buffers_, last);
  return {};
}

void StoredValueSink::describe(Outcome& outcome) const {
  outcome.codec = codec_;
  outcome.stored = stored_;
  outcome.inline_bytes = std::as_bytes(std::span(stored_ ? buffers_ : inline_));
}

void StoredValueSink::reset() {
  values_->abandon();
  codec_ = Codec::none;
  inline_.clear();
  buffers_.clear();
  stored_ = false;
  error_.reset();
}

}  // namespace errand::journal
