// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif
#include <array>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <msgpack.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "errand/buffer.h"
#include "errand/error.h"
#include "errand/job_result.h"

/// Typed values to bytes and back: MessagePack for everything msgpack-c knows (add your own types with
/// MSGPACK_DEFINE), raw bytes for long runs of numbers and text.
namespace errand {

/// Where an encoded value goes: memory first, the job's values file beyond 64 KiB. Streaming: a value
/// larger than memory is fine. write() throws std::system_error when the disk refuses.
class ValueSink {
 public:
  virtual ~ValueSink() = default;
  /// Sets the codec; once, before the first write.
  virtual void begin(Codec codec) = 0;
  virtual void write(const char* data, std::size_t size) = 0;
  /// Begins a further buffer of the same value, 64-byte aligned on disk (out-of-band buffers).
  virtual void next_buffer() = 0;
};

/// Values of this many bytes and more are written raw when their type is a contiguous run.
inline constexpr std::size_t raw_threshold = std::size_t{64} << 10;

/// A value's bytes in place; `owner` keeps them alive.
struct EncodedView {
  Codec codec;
  std::span<const std::byte> bytes;  ///< of the first buffer
  const std::shared_ptr<const void>& owner;
  /// What was written behind ValueSink::next_buffer, in order; mostly nothing.
  std::span<const Buffer> further = {};
};

namespace detail {

template <class T>
struct IsContiguousRun : std::false_type {};
template <>
struct IsContiguousRun<std::string> : std::true_type {};
template <class T>
struct IsContiguousRun<std::vector<T>>
    : std::bool_constant<std::is_trivially_copyable_v<T> && !std::is_same_v<T, bool> &&
                         (std::is_arithmetic_v<T> || std::is_same_v<T, std::byte>)> {};

[[nodiscard]] Error type_error(const std::type_info& wanted, Codec codec, const std::string& why);

/// All buffers of a value as one, copied.
[[nodiscard]] Buffer join_buffers(const EncodedView& encoded);

/// A number in MessagePack, any width and sign.
struct Scalar {
  enum Kind : std::uint8_t { not_scalar, boolean, negative, positive, real } kind = not_scalar;
  std::uint64_t integer = 0;  ///< two's complement if negative
  double number = 0;
};

/// Reads one scalar at `offset` and moves past it; not_scalar (offset unmoved) for anything else.
/// msgpack-c allocates for each call; a job may have ten million.
[[nodiscard]] Scalar read_scalar(std::span<const std::byte> bytes, std::size_t& offset) noexcept;

/// Reads one T at `offset` and moves past it. Throws msgpack::type_error, msgpack::unpack_error.
template <class T>
[[nodiscard]] T read_msgpack(std::span<const std::byte> bytes, std::size_t& offset) {
  if constexpr (std::is_arithmetic_v<T>) {
    std::size_t start = offset;
    Scalar scalar = read_scalar(bytes, offset);
    if constexpr (std::is_same_v<T, bool>) {
      if (scalar.kind == Scalar::boolean) return scalar.integer != 0;
    } else if constexpr (std::is_floating_point_v<T>) {
      if (scalar.kind == Scalar::real) return static_cast<T>(scalar.number);
      if (scalar.kind == Scalar::positive) return static_cast<T>(scalar.integer);
      if (scalar.kind == Scalar::negative) {
        return static_cast<T>(static_cast<std::int64_t>(scalar.integer));
      }
    } else {
      if (scalar.kind == Scalar::positive && std::in_range<T>(scalar.integer)) {
        return static_cast<T>(scalar.integer);
      }
      if (auto number = static_cast<std::int64_t>(scalar.integer);
          scalar.kind == Scalar::negative && std::in_range<T>(number)) {
        return static_cast<T>(number);
      }
    }
    offset = start;
    throw msgpack::type_error();
  } else {
    auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size(), offset);
    return handle->template as<T>();
  }
}

}  // namespace detail

/// Writes `value` to `sink`. Buffer, and long strings and vectors of numbers, go raw and uncopied.
template <class T>
void encode_value(ValueSink& sink, const T& value) {
  if constexpr (std::is_same_v<T, Buffer>) {
    sink.begin(Codec::raw);
    sink.write(reinterpret_cast<const char*>(value.data()), value.size());
  } else {
    if constexpr (detail::IsContiguousRun<T>::value) {
      if (std::size_t bytes = value.size() * sizeof(*value.data()); bytes >= raw_threshold) {
        sink.begin(Codec::raw);
        sink.write(reinterpret_cast<const char*>(value.data()), bytes);
        return;
      }
    }
    sink.begin(Codec::msgpack);
    msgpack::packer<ValueSink> packer(sink);
    if constexpr (std::is_same_v<T, Nothing>) {
      packer.pack_nil();
    } else {
      packer.pack(value);
    }
  }
}

/// Reads bytes written by encode_value. Errors: type_mismatch (naming both types),
/// unsupported_codec (naming the language that can read it).
template <class T>
[[nodiscard]] Result<T> decode_value(const EncodedView& encoded) {
  if constexpr (std::is_same_v<T, EncodedValue>) {
    return EncodedValue{encoded.codec,
                        Buffer(encoded.owner, encoded.bytes),
                        {encoded.further.begin(), encoded.further.end()}};
  } else if constexpr (std::is_same_v<T, Buffer>) {
    return encoded.further.empty() ? Buffer(encoded.owner, encoded.bytes) : detail::join_buffers(encoded);
  } else {
    if constexpr (detail::IsContiguousRun<T>::value) {
      using Element = std::remove_cvref_t<decltype(*std::declval<T>().data())>;
      if (encoded.codec == Codec::raw && encoded.further.empty()) {
        if (encoded.bytes.size() % sizeof(Element) != 0) {
          return detail::type_error(typeid(T), encoded.codec, "its length does not fit the type");
        }
        T run;
        run.resize(encoded.bytes.size() / sizeof(Element));
        if (!encoded.bytes.empty()) {
          std::memcpy(run.data(), encoded.bytes.data(), encoded.bytes.size());
        }
        return run;
      }
    }
    bool readable = (encoded.codec == Codec::msgpack && encoded.further.empty()) ||
                    (std::is_same_v<T, ProgramResult> && encoded.codec == Codec::program);
    if (!readable) {
      return detail::type_error(typeid(T), encoded.codec, "");
    }
    try {
      std::size_t offset = 0;
      if constexpr (std::is_same_v<T, Nothing>) {
        return T{};
      } else if constexpr (std::is_same_v<T, ProgramResult>) {
        auto pair = detail::read_msgpack<std::array<int, 2>>(encoded.bytes, offset);
        return ProgramResult{pair[0], pair[1]};
      } else {
        return detail::read_msgpack<T>(encoded.bytes, offset);
      }
    } catch (const std::exception& refused) {
      return detail::type_error(typeid(T), encoded.codec, refused.what());
    }
  }
}

}  // namespace errand

/// errand::Buffer as an argument or inside a structure: MessagePack's bin.
namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
  namespace adaptor {
  template <>
  struct pack<errand::Buffer> {
    template <class Stream>
    packer<Stream>& operator()(packer<Stream>& out, const errand::Buffer& buffer) const {
      out.pack_bin(static_cast<std::uint32_t>(buffer.size()));
      out.pack_bin_body(buffer.text().data(), static_cast<std::uint32_t>(buffer.size()));
      return out;
    }
  };
  template <>
  struct convert<errand::Buffer> {
    const msgpack::object& operator()(const msgpack::object& object, errand::Buffer& buffer) const {
      buffer = errand::Buffer::copy_of(object.as<std::string>());
      return object;
    }
  };
  }  // namespace adaptor
}
}  // namespace msgpack
