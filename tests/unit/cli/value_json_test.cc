// SPDX-License-Identifier: Apache-2.0
#include "cli/value_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <msgpack.hpp>
#ifdef ERRAND_HAVE_RAPIDCHECK
#include <rapidcheck.h>
#endif

namespace errand::cli {
namespace {

template <class T>
std::string packed(const T& value) {
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, value);
  return {buffer.data(), buffer.size()};
}

std::string as_json(const std::string& bytes) {
  auto json = msgpack_to_json(bytes);
  return json ? json_text(*json) : "error: " + std::string(to_string(json.error().code));
}

EncodedValue value(Codec codec, std::string_view bytes) {
  return {codec, Buffer::copy_of(bytes)};
}

TEST(Base64, PadsAsTheStandardSays) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("\xFF\xFE"), "//4=");
}

TEST(MsgpackToJson, Scalars) {
  EXPECT_EQ(as_json(packed(msgpack::type::nil_t())), "null");
  EXPECT_EQ(as_json(packed(true)), "true");
  EXPECT_EQ(as_json(packed(std::uint64_t{18446744073709551615U})), "18446744073709551615");
  EXPECT_EQ(as_json(packed(-5)), "-5");
  EXPECT_EQ(as_json(packed(0.5)), "0.5");
  EXPECT_EQ(as_json(packed(0.5F)), "0.5");
  EXPECT_EQ(as_json(packed(std::string("a\"b\n"))), R"("a\"b\n")");
}

TEST(MsgpackToJson, NumbersThatJsonLacksBecomeStrings) {
  EXPECT_EQ(as_json(packed(std::nan(""))), R"("NaN")");
  EXPECT_EQ(as_json(packed(HUGE_VAL)), R"("Infinity")");
  EXPECT_EQ(as_json(packed(-HUGE_VAL)), R"("-Infinity")");
}

TEST(MsgpackToJson, Structures) {
  EXPECT_EQ(as_json(packed(std::vector<int>{})), "[]");
  EXPECT_EQ(as_json(packed(std::vector<int>{1, 2})), "[1,2]");
  EXPECT_EQ(as_json(packed(std::map<std::string, int>{})), "{}");
  EXPECT_EQ(as_json(packed(std::map<std::string, int>{{"a", 1}, {"b", 2}})), R"({"a":1,"b":2})");
}

TEST(MsgpackToJson, MapsWithOtherKeysBecomePairs) {
  EXPECT_EQ(as_json(packed(std::map<int, int>{{1, 2}})), R"({"pairs":[[1,2]]})");
  EXPECT_EQ(as_json("\x82\xA1k\x01\xA1k\x02"), R"({"pairs":[["k",1],["k",2]]})") << "a key twice";
}

TEST(MsgpackToJson, BytesBecomeBase64) {
  EXPECT_EQ(as_json(packed(std::vector<char>{'f', 'o'})), R"({"base64":"Zm8="})");
  EXPECT_EQ(as_json("\xA2\xFF\xFE"), R"({"base64":"//4="})") << "a string that is no UTF-8";
  EXPECT_EQ(as_json("\xD4\x05"
                    "f"),
            R"({"extension":5,"base64":"Zg=="})");
}

TEST(MsgpackToJson, RefusesTornTrailingAndDeepBytes) {
  EXPECT_EQ(as_json(""), "error: corrupt");
  EXPECT_EQ(as_json("\x92\x01"), "error: corrupt");
  EXPECT_EQ(as_json("\x01\x02"), "error: corrupt");
  EXPECT_EQ(as_json(std::string(100'000, '\x91') + "\x01"), "error: corrupt");
  EXPECT_EQ(as_json("\xDD\xFF\xFF\xFF\xFF"), "error: corrupt") << "4294967295 elements announced, none there";
}

#ifdef ERRAND_HAVE_RAPIDCHECK
TEST(MsgpackToJson, IsTotal) {
  EXPECT_TRUE(rc::check("any bytes give JSON or an error", [](const std::vector<std::uint8_t>& bytes) {
    std::string text(bytes.begin(), bytes.end());
    RC_ASSERT(!as_json(text).empty());
  }));
}
#endif

TEST(ValueMembers, NamesTheCodec) {
  EXPECT_EQ(json_text(value_members(value(Codec::msgpack, packed(7)))), R"({"codec":"msgpack","value":7})");
  EXPECT_EQ(json_text(value_members(value(Codec::raw, "text"))),
            R"({"codec":"raw","encoding":"text","value":"text"})");
  EXPECT_EQ(json_text(value_members(value(Codec::raw, "\xFF"))),
            R"({"codec":"raw","encoding":"base64","value":"/w=="})");
  EXPECT_EQ(json_text(value_members(value(Codec::program, packed(std::array<int, 2>{3, 0})))),
            R"({"codec":"program","exit_code":3,"signal":0})");
}

TEST(ValueMembers, OtherLanguagesGiveNameAndSize) {
  EXPECT_EQ(json_text(value_members(value(Codec::pickle, "12345"))), R"({"codec":"pickle","size":5})");
  EXPECT_EQ(value_line(value(Codec::pickle, "12345")), "<pickle, 5 bytes: read it in Python>");
}

TEST(ValueMembers, DamagedValuesSaySo) {
  EXPECT_TRUE(value_members(value(Codec::msgpack, "\x92")).contains("unreadable"));
  EXPECT_TRUE(value_members(value(Codec::program, "\x92")).contains("unreadable"));
}

TEST(ValueLine, IsOneHarmlessLine) {
  EXPECT_EQ(value_line(value(Codec::msgpack, packed(std::vector<double>{1.5, 2}))), "[1.5,2]");
  EXPECT_EQ(value_line(value(Codec::raw, "a\nb")), "a\\nb");
  EXPECT_EQ(value_line(value(Codec::raw, std::string(100'000, 'x'))), "<raw, 97.7 KiB>");
}

}  // namespace
}  // namespace errand::cli
