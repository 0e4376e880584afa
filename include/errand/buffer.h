// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace errand {

/// How a value's bytes are to be read. The numbers are on disk and never reused.
enum class Codec : std::uint8_t {
  none = 0,         ///< no value
  raw = 1,          ///< bytes as they are
  msgpack = 2,      ///< MessagePack (C++)
  pickle = 3,       ///< Python pickle, protocol 5
  r_serialize = 4,  ///< R serialization, version 3
  program = 5,      ///< a program's end: MessagePack {exit_code, signal}
};

[[nodiscard]] std::string_view to_string(Codec codec) noexcept;

/// Read-only bytes with shared ownership: in memory, or mapped from the job's values file (a 1 GiB
/// result costs no copy). Copies share the bytes; safe to read from any thread.
///
/// A task function that returns Buffer hands its bytes over uncopied, and the caller gets them mapped.
class Buffer {
 public:
  Buffer() = default;
  /// Bytes kept alive by `owner`.
  Buffer(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  /// A buffer with its own copy of `bytes`.
  [[nodiscard]] static Buffer copy_of(std::span<const std::byte> bytes);
  [[nodiscard]] static Buffer copy_of(std::string_view text);
  /// A buffer that takes over any contiguous container (std::string, std::vector<T>).
  template <class Container>
  [[nodiscard]] static Buffer take(Container container) {
    auto owner = std::make_shared<const Container>(std::move(container));
    return {owner, std::as_bytes(std::span(owner->data(), owner->size()))};
  }

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] const std::byte* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> bytes_;
};

}  // namespace errand
