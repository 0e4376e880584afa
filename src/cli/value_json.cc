// SPDX-License-Identifier: Apache-2.0
#include "cli/value_json.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/quantity_text.h"
#include "cli/visible_text.h"
#include "errand/encoding.h"

namespace errand::cli {
namespace {

/// Deeper nesting than this is refused: the reader recurses.
constexpr std::size_t deepest = 200;
/// A line for people shows raw text up to this size.
constexpr std::size_t longest_text = 4096;

Json from_object(const msgpack::object& object);

Json from_text(const char* data, std::size_t size) {
  std::string_view text(data, size);
  if (is_utf8(text)) return std::string(text);
  return Json{{"base64", base64(text)}};
}

Json from_number(double number) {
  if (std::isfinite(number)) return number;
  if (std::isnan(number)) return "NaN";
  return number > 0 ? "Infinity" : "-Infinity";
}

Json from_array(const msgpack::object_array& array) {
  Json json = Json::array();
  for (std::uint32_t i = 0; i < array.size; ++i) json.push_back(from_object(array.ptr[i]));
  return json;
}

Json from_map(const msgpack::object_map& map) {
  Json json = Json::object();
  Json pairs = Json::array();
  bool plain = true;
  for (std::uint32_t i = 0; i < map.size; ++i) {
    Json key = from_object(map.ptr[i].key);
    Json value = from_object(map.ptr[i].val);
    plain = plain && key.is_string() && !json.contains(key.get<std::string>());
    if (plain) json[key.get<std::string>()] = value;
    pairs.push_back(Json::array({std::move(key), std::move(value)}));
  }
  return plain ? json : Json{{"pairs", std::move(pairs)}};
}

Json from_object(const msgpack::object& object) {
  switch (object.type) {
    case msgpack::type::NIL:
      return nullptr;
    case msgpack::type::BOOLEAN:
      return object.via.boolean;
    case msgpack::type::POSITIVE_INTEGER:
      return object.via.u64;
    case msgpack::type::NEGATIVE_INTEGER:
      return object.via.i64;
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return from_number(object.via.f64);
    case msgpack::type::STR:
      return from_text(object.via.str.ptr, object.via.str.size);
    case msgpack::type::BIN:
      return Json{{"base64", base64({object.via.bin.ptr, object.via.bin.size})}};
    case msgpack::type::ARRAY:
      return from_array(object.via.array);
    case msgpack::type::MAP:
      return from_map(object.via.map);
    case msgpack::type::EXT:
      return Json{{"extension", object.via.ext.type()},
                  {"base64", base64({object.via.ext.data(), object.via.ext.size})}};
  }
  return nullptr;
}

std::string_view language_of(Codec codec) {
  return codec == Codec::pickle ? "Python" : "R";
}

Json program_members(const EncodedValue& value) {
  std::shared_ptr<const void> nobody;
  auto program = decode_value<ProgramResult>({value.codec, value.bytes.bytes(), nobody});
  if (!program) return Json{{"codec", "program"}, {"unreadable", program.error().message}};
  return Json{{"codec", "program"}, {"exit_code", program->exit_code}, {"signal", program->signal}};
}

Json raw_members(std::string_view bytes) {
  bool text = is_plain_text(bytes);
  return Json{{"codec", "raw"},
              {"encoding", text ? "text" : "base64"},
              {"value", text ? std::string(bytes) : base64(bytes)}};
}

}  // namespace

std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : letters[group >> (18 - 6 * j) & 63U];
    }
  }
  return out;
}

Result<Json> msgpack_to_json(std::string_view bytes) {
  try {
    // Nothing has more elements than bytes: an announced count must not allocate what is not there.
    const std::size_t most = bytes.size();
    msgpack::unpack_limit limit(most, most, most, most, most, deepest);
    std::size_t offset = 0;
    auto handle = msgpack::unpack(bytes.data(), bytes.size(), offset, nullptr, nullptr, limit);
    if (offset != bytes.size()) {
      return Error{ErrorCode::corrupt, "bytes follow the MessagePack value", false, ""};
    }
    return from_object(handle.get());
  } catch (const std::exception& refused) {
    return Error{ErrorCode::corrupt, fmt::format("not a MessagePack value ({})", refused.what()), false, ""};
  }
}

Json value_members(const EncodedValue& value) {
  switch (value.codec) {
    case Codec::raw:
      return raw_members(value.bytes.text());
    case Codec::msgpack: {
      auto json = msgpack_to_json(value.bytes.text());
      if (!json) return Json{{"codec", "msgpack"}, {"unreadable", json.error().message}};
      return Json{{"codec", "msgpack"}, {"value", *std::move(json)}};
    }
    case Codec::program:
      return program_members(value);
    default:
      return Json{{"codec", to_string(value.codec)}, {"size", value.bytes.size()}};
  }
}

std::string value_line(const EncodedValue& value) {
  if (value.codec == Codec::pickle || value.codec == Codec::r_serialize) {
    return fmt::format("<{}, {}: read it in {}>", to_string(value.codec), size_text(value.bytes.size()),
                       language_of(value.codec));
  }
  if (value.codec == Codec::raw) {
    std::string_view text = value.bytes.text();
    bool readable = text.size() <= longest_text && is_plain_text(text);
    return readable ? visible_line(text) : fmt::format("<raw, {}>", size_text(text.size()));
  }
  Json members = value_members(value);
  if (members.contains("unreadable")) return "<" + members["unreadable"].get<std::string>() + ">";
  if (members.contains("value")) return json_text(members["value"]);
  return json_text(members);
}

}  // namespace errand::cli
