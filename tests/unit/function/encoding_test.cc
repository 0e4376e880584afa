// SPDX-License-Identifier: Apache-2.0
#include "errand/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#ifdef ERRAND_HAVE_RAPIDCHECK
#include <rapidcheck.h>
#endif

#include "errand/exec.h"

namespace errand {
namespace {

using testing::HasSubstr;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text));
}

template <class T>
std::string packed(const T& value) {
  std::string bytes;
  detail::StringStream stream{bytes};
  msgpack::pack(stream, value);
  return bytes;
}

template <class T>
T read_back(const std::string& bytes) {
  std::size_t offset = 0;
  T value = detail::read_msgpack<T>(bytes_of(bytes), offset);
  EXPECT_EQ(offset, bytes.size());
  return value;
}

/// A value as a sink got it.
class TextSinkForTest final : public ValueSink {
 public:
  void begin(Codec chosen) override { codec = chosen; }
  void write(const char* data, std::size_t size) override { bytes.append(data, size); }
  void next_buffer() override {}
  template <class T>
  Result<T> decode() const {
    std::shared_ptr<const void> owner;
    return decode_value<T>(EncodedView{codec, bytes_of(bytes), owner});
  }
  Codec codec = Codec::none;
  std::string bytes;
};

template <class T>
Result<T> round_trip(const T& value) {
  TextSinkForTest sink;
  encode_value(sink, value);
  return sink.decode<T>();
}

TEST(Scalar, EveryWidthAndSignComesBack) {
  for (std::int64_t number :
       {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{65535}, std::int64_t{65536},
        std::int64_t{1} << 40, std::int64_t{-1}, std::int64_t{-32}, std::int64_t{-33}, std::int64_t{-129},
        std::int64_t{-40000}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(read_back<std::int64_t>(packed(number)), number);
  }
  EXPECT_EQ(read_back<std::uint64_t>(packed(std::numeric_limits<std::uint64_t>::max())),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(read_back<double>(packed(-0.125)), -0.125);
  EXPECT_EQ(read_back<double>(packed(1.5F)), 1.5);
  EXPECT_EQ(read_back<bool>(packed(true)), true);
  EXPECT_EQ(read_back<bool>(packed(false)), false);
  EXPECT_EQ(read_back<double>(packed(-3)), -3.0) << "a whole number where a real one is wanted";
}

TEST(Scalar, WhatDoesNotFitIsRefused) {
  EXPECT_THROW((void)read_back<std::int8_t>(packed(200)), msgpack::type_error);
  EXPECT_THROW((void)read_back<std::uint32_t>(packed(-1)), msgpack::type_error);
  EXPECT_THROW((void)read_back<int>(packed(1.5)), msgpack::type_error);
  EXPECT_THROW((void)read_back<int>(packed(true)), msgpack::type_error);
  EXPECT_THROW((void)read_back<int>(packed(std::string("7"))), msgpack::type_error);
}

TEST(Scalar, CutBytesAreNoScalarAndMoveNothing) {
  for (const std::string& whole : {packed(1 << 20), packed(2.5), packed(-70'000), packed(300)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      std::size_t offset = 0;
      std::string cut = whole.substr(0, length);
      EXPECT_EQ(detail::read_scalar(bytes_of(cut), offset).kind, detail::Scalar::not_scalar);
      EXPECT_EQ(offset, 0U);
    }
  }
}

#ifdef ERRAND_HAVE_RAPIDCHECK
TEST(Scalar, AgreesWithTheLibraryOnEveryNumber) {
  EXPECT_TRUE(
      rc::check([](std::int64_t number) { return read_back<std::int64_t>(packed(number)) == number; }));
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    std::size_t offset = 0;
    (void)detail::read_scalar(bytes_of(bytes), offset);
    return offset <= bytes.size();
  }));
}
#endif

TEST(Encoding, ValuesComeBackAsTheyWent) {
  EXPECT_EQ(*round_trip(std::string("text")), "text");
  EXPECT_EQ(*round_trip(std::vector<double>{1, 2.5}), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(*round_trip(std::map<std::string, int>{{"a", 1}}), (std::map<std::string, int>{{"a", 1}}));
  EXPECT_TRUE(round_trip(Nothing{}));
  EXPECT_EQ(round_trip(Buffer::copy_of("\0x")).value().text(), Buffer::copy_of("\0x").text());
}

TEST(Encoding, LongRunsGoRawAndComeBack) {
  std::vector<double> run(20'000, 0.5);
  TextSinkForTest sink;
  encode_value(sink, run);
  EXPECT_EQ(sink.codec, Codec::raw);
  EXPECT_EQ(*sink.decode<std::vector<double>>(), run);
  EXPECT_EQ(sink.decode<std::string>().value().size(), run.size() * sizeof(double));
}

TEST(Encoding, AWrongTypeNamesBoth) {
  TextSinkForTest sink;
  encode_value(sink, std::string("text"));
  auto read = sink.decode<std::vector<double>>();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::type_mismatch);
  EXPECT_THAT(read.error().message, HasSubstr("std::vector<double"));
  EXPECT_THAT(read.error().message, HasSubstr("msgpack"));
}

TEST(Encoding, AnotherLanguagesValueNamesTheLanguage) {
  for (auto [codec, language] : {std::pair{Codec::pickle, "Python"}, std::pair{Codec::r_serialize, "R"}}) {
    TextSinkForTest sink;
    sink.begin(codec);
    auto read = sink.decode<int>();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::unsupported_codec);
    EXPECT_THAT(read.error().message, HasSubstr(language));
    EXPECT_EQ(sink.decode<EncodedValue>().value().codec, codec) << "the bytes can always be had";
  }
}

TEST(Encoding, AProgramsEndIsAProgramResult) {
  TextSinkForTest sink;
  sink.begin(Codec::program);
  sink.bytes = packed(std::array<int, 2>{3, 9});
  EXPECT_EQ(sink.decode<ProgramResult>().value().exit_code, 3);
  EXPECT_EQ(sink.decode<ProgramResult>().value().signal, 9);
  EXPECT_EQ(sink.decode<int>().error().code, ErrorCode::type_mismatch);
}

TEST(Encoding, ArrayHeadersAreAlwaysThreeBytes) {
  std::string out;
  detail::append_array_header(out, 1);
  detail::append_array_header(out, 300);
  EXPECT_EQ(out, std::string("\xdc\x00\x01\xdc\x01\x2c", 6));
}

TEST(Words, EveryCodeHasItsName) {
  EXPECT_EQ(to_string(Codec::r_serialize), "r_serialize");
  EXPECT_EQ(to_string(FailureCause::given_up), "given_up");
  EXPECT_EQ(to_string(ErrorCode::foreign_owner), "foreign_owner");
  EXPECT_EQ(to_string(static_cast<Codec>(99)), "unknown");
}

TEST(Buffer, TakesOverAContainerWithoutCopying) {
  std::vector<int> numbers = {1, 2, 3};
  const void* place = numbers.data();
  Buffer buffer = Buffer::take(std::move(numbers));
  EXPECT_EQ(static_cast<const void*>(buffer.data()), place);
  EXPECT_EQ(buffer.size(), 3 * sizeof(int));
}

}  // namespace
}  // namespace errand
