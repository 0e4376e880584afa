// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace errand::golden {

/// Walks bytes from front to back and writes down what each of them means, sixteen to a row:
///     00000018  87 a5 63 68 ...                                  what it is
class AnnotatedBytes {
 public:
  explicit AnnotatedBytes(std::string_view bytes) : bytes_(bytes) {}

  /// The next `size` bytes; rows after the first repeat the bytes as text.
  void field(std::size_t size, std::string_view meaning);
  /// The next `size` bytes, each row beside its text, below a line that says what they are.
  void text(std::size_t size, std::string_view meaning);
  /// A line without bytes.
  void heading(std::string_view line);

  [[nodiscard]] std::size_t position() const { return position_; }
  /// A number at `ahead` bytes behind the position.
  template <class T>
  [[nodiscard]] T peek(std::size_t ahead = 0) const {
    T value = 0;
    for (std::size_t byte = 0; byte < sizeof(T); ++byte) {
      auto digit = static_cast<T>(static_cast<unsigned char>(bytes_.at(position_ + ahead + byte)));
      value = static_cast<T>(value | static_cast<T>(digit << (8 * byte)));
    }
    return value;
  }
  /// A field that holds a number: "name value".
  template <class T>
  T number(std::string_view name) {
    T value = peek<T>();
    field(sizeof(T), std::string(name) + " " + std::to_string(value));
    return value;
  }
  [[nodiscard]] const std::string& written() const { return written_; }

 private:
  void row(std::size_t size, std::string_view meaning);

  std::string_view bytes_;
  std::size_t position_ = 0;
  std::string written_;
};

/// Every record of a journal file, byte by byte, as docs/job-directory.md defines them: written from the
/// document and not from errand's readers, so that the two are held against each other.
[[nodiscard]] std::string annotate_records(std::string_view file);

}  // namespace errand::golden
