// SPDX-License-Identifier: Apache-2.0
#include "share/seal.h"

#include <cstring>

namespace errand::share {
namespace {

template <class T>
void put_number(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_string(std::string& out, const std::string& text) {
  put_number(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  T number() {
    T value{};
    if (bytes_.size() < sizeof value) {
      short_ = true;
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    auto length = number<std::uint32_t>();
    if (short_ || length > bytes_.size()) {
      short_ = true;
      return {};
    }
    std::string value(bytes_.substr(0, length));
    bytes_.remove_prefix(length);
    return value;
  }
  [[nodiscard]] bool good() const { return !short_; }

 private:
  std::string_view bytes_;
  bool short_ = false;
};

}  // namespace

std::string encode(const Seal& seal) {
  std::string out;
  put_number(out, static_cast<std::uint8_t>(seal.report.status));
  put_number(out, std::uint8_t{0});
  put_number(out, std::uint16_t{0});
  put_number(out, seal.requests);
  put_number(out, seal.report.progress.succeeded);
  put_number(out, seal.report.progress.failed);
  put_number(out, seal.report.progress.total);
  put_number(out, seal.created_ns);
  put_number(out, seal.sealed_ns);
  put_number(out, seal.context_hash);
  for (const std::string* text :
       {&seal.report.reason, &seal.function, &seal.engine, &seal.host, &seal.user}) {
    put_string(out, *text);
  }
  return out;
}

Result<Seal> decode_seal(std::string_view body) {
  Cursor cursor(body);
  Seal seal;
  auto status = cursor.number<std::uint8_t>();
  cursor.number<std::uint8_t>();
  cursor.number<std::uint16_t>();
  seal.requests = cursor.number<std::uint32_t>();
  seal.report.progress.succeeded = cursor.number<std::uint64_t>();
  seal.report.progress.failed = cursor.number<std::uint64_t>();
  seal.report.progress.total = cursor.number<std::uint64_t>();
  seal.created_ns = cursor.number<std::int64_t>();
  seal.sealed_ns = cursor.number<std::int64_t>();
  seal.context_hash = cursor.number<std::uint64_t>();
  for (std::string* text : {&seal.report.reason, &seal.function, &seal.engine, &seal.host, &seal.user}) {
    *text = cursor.text();
  }
  if (!cursor.good() || status > static_cast<std::uint8_t>(JobStatus::undetermined)) {
    return Error{ErrorCode::corrupt, "the seal record cannot be read", false, "", 0};
  }
  seal.report.status = static_cast<JobStatus>(status);
  return seal;
}

}  // namespace errand::share
