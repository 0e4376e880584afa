// SPDX-License-Identifier: Apache-2.0
#include "errand/encoding.h"

#include <bit>

#include "errand/exec.h"
#include "errand/function.h"

namespace errand::detail {
namespace {

/// A big-endian number, as MessagePack has them. Requires the bytes to be there.
template <class T>
T load_big(const std::byte* from) noexcept {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value =
        static_cast<T>((static_cast<std::uint64_t>(value) << 8U) | std::to_integer<std::uint64_t>(from[i]));
  }
  return value;
}

Scalar from_signed(std::int64_t number) noexcept {
  return {number < 0 ? Scalar::negative : Scalar::positive, static_cast<std::uint64_t>(number), 0};
}

Scalar from_real(double number) noexcept {
  return {Scalar::real, 0, number};
}

/// Bytes behind the tag; -1 for tags that are no scalar's.
int payload_size(unsigned tag) noexcept {
  if (tag <= 0x7f || tag >= 0xe0 || tag == 0xc2 || tag == 0xc3) return 0;
  if (tag == 0xca) return 4;
  if (tag == 0xcb) return 8;
  if (tag >= 0xcc && tag <= 0xcf) return 1 << (tag - 0xcc);
  if (tag >= 0xd0 && tag <= 0xd3) return 1 << (tag - 0xd0);
  return -1;
}

Scalar decode_scalar(unsigned tag, const std::byte* payload) noexcept {
  if (tag <= 0x7f) return {Scalar::positive, tag, 0};
  if (tag >= 0xe0) return from_signed(static_cast<std::int8_t>(tag));
  switch (tag) {
    case 0xc2:
      return {Scalar::boolean, 0, 0};
    case 0xc3:
      return {Scalar::boolean, 1, 0};
    case 0xca:
      return from_real(std::bit_cast<float>(load_big<std::uint32_t>(payload)));
    case 0xcb:
      return from_real(std::bit_cast<double>(load_big<std::uint64_t>(payload)));
    case 0xcc:
      return {Scalar::positive, load_big<std::uint8_t>(payload), 0};
    case 0xcd:
      return {Scalar::positive, load_big<std::uint16_t>(payload), 0};
    case 0xce:
      return {Scalar::positive, load_big<std::uint32_t>(payload), 0};
    case 0xcf:
      return {Scalar::positive, load_big<std::uint64_t>(payload), 0};
    case 0xd0:
      return from_signed(static_cast<std::int8_t>(load_big<std::uint8_t>(payload)));
    case 0xd1:
      return from_signed(static_cast<std::int16_t>(load_big<std::uint16_t>(payload)));
    case 0xd2:
      return from_signed(static_cast<std::int32_t>(load_big<std::uint32_t>(payload)));
    default:
      return from_signed(static_cast<std::int64_t>(load_big<std::uint64_t>(payload)));
  }
}

/// What a value of another language is, and who reads it.
std::string foreign_reader(Codec codec) {
  switch (codec) {
    case Codec::pickle:
      return "a Python pickle: read it from Python";
    case Codec::r_serialize:
      return "an R serialization: read it from R";
    default:
      return "of codec " + std::to_string(static_cast<int>(codec)) + ", which this version does not know";
  }
}

}  // namespace

Scalar read_scalar(std::span<const std::byte> bytes, std::size_t& offset) noexcept {
  if (offset >= bytes.size()) return {};
  auto tag = std::to_integer<unsigned>(bytes[offset]);
  int payload = payload_size(tag);
  if (payload < 0 || bytes.size() - offset - 1 < static_cast<std::size_t>(payload)) return {};
  Scalar scalar = decode_scalar(tag, bytes.data() + offset + 1);
  offset += 1 + static_cast<std::size_t>(payload);
  return scalar;
}

Buffer join_buffers(const EncodedView& encoded) {
  std::string joined(reinterpret_cast<const char*>(encoded.bytes.data()), encoded.bytes.size());
  for (const Buffer& buffer : encoded.further) joined += buffer.text();
  return Buffer::take(std::move(joined));
}

Error type_error(const std::type_info& wanted, Codec codec, const std::string& why) {
  std::string type = type_name(wanted);
  switch (codec) {
    case Codec::none:
      return {ErrorCode::type_mismatch, "there is no value to read as " + type, false, {}, 0};
    case Codec::raw:
    case Codec::msgpack:
    case Codec::program:
      break;
    default:
      return {ErrorCode::unsupported_codec,
              "the value cannot be read as " + type + ": it is " + foreign_reader(codec), false,
              "ask for errand::EncodedValue to get its bytes", 0};
  }
  std::string message = "the value (codec " + std::string(to_string(codec)) + ") cannot be read as " + type;
  if (!why.empty()) message += ": " + why;
  std::string hint = codec == Codec::program
                         ? "ask for errand::ProgramResult"
                         : "ask for the function's result type, or for errand::EncodedValue";
  return {ErrorCode::type_mismatch, std::move(message), false, std::move(hint), 0};
}

void append_array_header(std::string& out, std::size_t count) {
  out.push_back('\xdc');
  out.push_back(static_cast<char>(count >> 8U));
  out.push_back(static_cast<char>(count & 0xffU));
}

}  // namespace errand::detail
