// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// Python's scalars as MessagePack and back, without pickle: what most tasks take and give. A value comes
/// back as exactly what it was; what has no exact form is left to pickle.
namespace errand::python {

/// Text and bytes of at most this many bytes travel as MessagePack.
inline constexpr std::size_t longest_short_text = 4096;
/// The type of a MessagePack extension that holds a pickle: the codec's number.
inline constexpr int pickle_extension = 3;

/// Appends None, a bool, an int of 64 bits, a float, short text or short bytes (exactly these types).
/// False, with nothing appended and no exception set, for anything else.
[[nodiscard]] bool append_scalar(std::string& out, PyObject* value);

/// Appends scalars of any length, and lists, tuples and dicts of them. False, with a Python exception set,
/// for anything that MessagePack cannot hold.
[[nodiscard]] bool append_tree(std::string& out, PyObject* value, int depth = 0);

void append_array_head(std::string& out, std::size_t count);
/// A pickle as an extension. `bytes`: less than 4 GiB.
void append_pickle(std::string& out, std::span<const char> bytes);

/// Reads MessagePack values one after the other. Every read gives a new reference, or nullptr with a Python
/// exception set.
class ValueReader {
 public:
  explicit ValueReader(std::span<const std::byte> bytes)
      : at_(reinterpret_cast<const std::uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

  [[nodiscard]] PyObject* next();
  /// The length of an array that begins here, or -1 with an exception.
  [[nodiscard]] std::ptrdiff_t next_array();
  [[nodiscard]] bool at_end() const { return at_ == end_; }

 private:
  PyObject* number(std::uint8_t head);
  PyObject* text(std::size_t length);
  PyObject* binary(std::size_t length);
  PyObject* array(std::size_t length);
  PyObject* map(std::size_t length);
  PyObject* extension(std::size_t length);
  [[nodiscard]] bool has(std::size_t size) const { return static_cast<std::size_t>(end_ - at_) >= size; }
  [[nodiscard]] std::uint64_t big_endian(int bytes);
  [[nodiscard]] bool length_of(int bytes, std::size_t& length);
  static PyObject* damaged();

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  int depth_ = 0;
};

}  // namespace errand::python
