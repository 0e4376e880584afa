// SPDX-License-Identifier: Apache-2.0
#include "scalar.h"

#include <bit>

#include "binding.h"

namespace errand::python {
namespace {

constexpr int deepest_nesting = 200;

void put_big_endian(std::string& out, char head, std::uint64_t number, int bytes) {
  char text[9];
  text[0] = head;
  for (int i = 0; i < bytes; ++i) text[1 + i] = static_cast<char>(number >> (8 * (bytes - 1 - i)));
  out.append(text, static_cast<std::size_t>(bytes) + 1);
}

void put_unsigned(std::string& out, std::uint64_t number) {
  if (number < 0x80) return out.push_back(static_cast<char>(number));
  if (number <= 0xff) return put_big_endian(out, '\xcc', number, 1);
  if (number <= 0xffff) return put_big_endian(out, '\xcd', number, 2);
  if (number <= 0xffffffff) return put_big_endian(out, '\xce', number, 4);
  put_big_endian(out, '\xcf', number, 8);
}

void put_negative(std::string& out, std::int64_t number) {
  auto bits = static_cast<std::uint64_t>(number);
  if (number >= -32) return out.push_back(static_cast<char>(bits));
  if (number >= INT8_MIN) return put_big_endian(out, '\xd0', bits & 0xff, 1);
  if (number >= INT16_MIN) return put_big_endian(out, '\xd1', bits & 0xffff, 2);
  if (number >= INT32_MIN) return put_big_endian(out, '\xd2', bits & 0xffffffff, 4);
  put_big_endian(out, '\xd3', bits, 8);
}

bool append_int(std::string& out, PyObject* value) {
  int overflow = 0;
  long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow == 0) {
    number < 0 ? put_negative(out, number) : put_unsigned(out, static_cast<std::uint64_t>(number));
    return true;
  }
  return false;
}

bool append_text(std::string& out, PyObject* value) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(value, &size);
  if (text == nullptr) {  // lone surrogates
    PyErr_Clear();
    return false;
  }
  auto length = static_cast<std::size_t>(size);
  if (length > longest_short_text) return false;
  if (length < 32) {
    out.push_back(static_cast<char>(0xa0 | length));
  } else if (length <= 0xff) {
    put_big_endian(out, '\xd9', length, 1);
  } else {
    put_big_endian(out, '\xda', length, 2);
  }
  out.append(text, length);
  return true;
}

bool append_bytes(std::string& out, PyObject* value) {
  auto length = static_cast<std::size_t>(PyBytes_GET_SIZE(value));
  if (length > longest_short_text) return false;
  length <= 0xff ? put_big_endian(out, '\xc4', length, 1) : put_big_endian(out, '\xc5', length, 2);
  out.append(PyBytes_AS_STRING(value), length);
  return true;
}

}  // namespace

bool append_scalar(std::string& out, PyObject* value) {
  if (PyLong_CheckExact(value)) return append_int(out, value);
  if (PyFloat_CheckExact(value)) {
    put_big_endian(out, '\xcb', std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(value)), 8);
    return true;
  }
  if (PyUnicode_CheckExact(value)) return append_text(out, value);
  if (value == Py_None || value == Py_True || value == Py_False) {
    out.push_back(value == Py_None ? '\xc0' : value == Py_True ? '\xc3' : '\xc2');
    return true;
  }
  return PyBytes_CheckExact(value) && append_bytes(out, value);
}

namespace {

void put_head(std::string& out, std::size_t count, char short_head, char long_head) {
  if (count < 16) return out.push_back(static_cast<char>(short_head | static_cast<char>(count)));
  if (count <= 0xffff) return put_big_endian(out, long_head, count, 2);
  put_big_endian(out, static_cast<char>(long_head + 1), count, 4);
}

bool append_long(std::string& out, PyObject* value) {
  Py_ssize_t size = 0;
  const char* text = nullptr;
  if (PyUnicode_CheckExact(value)) {
    text = PyUnicode_AsUTF8AndSize(value, &size);
    if (text == nullptr) return false;
    put_big_endian(out, '\xdb', static_cast<std::uint64_t>(size), 4);
  } else {
    size = PyBytes_GET_SIZE(value);
    text = PyBytes_AS_STRING(value);
    put_big_endian(out, '\xc6', static_cast<std::uint64_t>(size), 4);
  }
  out.append(text, static_cast<std::size_t>(size));
  return true;
}

bool append_items(std::string& out, PyObject* value, int depth) {
  auto count = static_cast<std::size_t>(PySequence_Fast_GET_SIZE(value));
  append_array_head(out, count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!append_tree(out, PySequence_Fast_GET_ITEM(value, static_cast<Py_ssize_t>(i)), depth + 1))
      return false;
  }
  return true;
}

bool append_dict(std::string& out, PyObject* value, int depth) {
  put_head(out, static_cast<std::size_t>(PyDict_GET_SIZE(value)), '\x80', '\xde');
  PyObject *key = nullptr, *item = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(value, &at, &key, &item) != 0;) {
    if (!append_tree(out, key, depth + 1) || !append_tree(out, item, depth + 1)) return false;
  }
  return true;
}

}  // namespace

bool append_tree(std::string& out, PyObject* value, int depth) {
  if (append_scalar(out, value)) return true;
  if (PyUnicode_CheckExact(value) || PyBytes_CheckExact(value)) return append_long(out, value);
  if (PyList_CheckExact(value) || PyTuple_CheckExact(value) || PyDict_CheckExact(value)) {
    if (depth > deepest_nesting) {
      PyErr_SetString(PyExc_ValueError, "nested too deeply for MessagePack");
      return false;
    }
    return PyDict_CheckExact(value) ? append_dict(out, value, depth) : append_items(out, value, depth);
  }
  PyErr_Format(PyExc_TypeError, "MessagePack has no place for a %s", Py_TYPE(value)->tp_name);
  return false;
}

void append_array_head(std::string& out, std::size_t count) {
  put_head(out, count, '\x90', '\xdc');
}

void append_pickle(std::string& out, std::span<const char> bytes) {
  put_big_endian(out, '\xc9', bytes.size(), 4);
  out.push_back(static_cast<char>(pickle_extension));
  out.append(bytes.data(), bytes.size());
}

PyObject* ValueReader::damaged() {
  PyErr_SetString(PyExc_ValueError, "the bytes are no MessagePack value");
  return nullptr;
}

std::uint64_t ValueReader::big_endian(int bytes) {
  std::uint64_t number = 0;
  for (int i = 0; i < bytes; ++i) number = number << 8U | *at_++;
  return number;
}

bool ValueReader::length_of(int bytes, std::size_t& length) {
  if (!has(static_cast<std::size_t>(bytes))) return false;
  length = big_endian(bytes);
  return has(length);
}

std::ptrdiff_t ValueReader::next_array() {
  std::uint8_t head = has(1) ? *at_++ : 0xc1;
  std::size_t length = head & 0x0fU;
  if (head >> 4U == 0x9 || (head == 0xdc && length_of(2, length)) || (head == 0xdd && length_of(4, length))) {
    return static_cast<std::ptrdiff_t>(length);
  }
  damaged();
  return -1;
}

PyObject* ValueReader::next() {
  if (!has(1)) return damaged();
  std::uint8_t head = *at_++;
  if (head < 0x80) return PyLong_FromLong(head);
  if (head >= 0xe0) return PyLong_FromLong(static_cast<std::int8_t>(head));
  if (head >= 0xa0 && head < 0xc0) return text(head & 0x1fU);
  if (head >= 0x90 && head < 0xa0) return array(head & 0x0fU);
  if (head < 0x90) return map(head & 0x0fU);
  std::size_t length = 0;
  switch (head) {
    case 0xc0:
      Py_RETURN_NONE;
    case 0xc2:
      Py_RETURN_FALSE;
    case 0xc3:
      Py_RETURN_TRUE;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return length_of(1 << (head - 0xc4), length) ? binary(length) : damaged();
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return length_of(1 << (head - 0xc7), length) ? extension(length) : damaged();
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return extension(std::size_t{1} << (head - 0xd4U));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return length_of(1 << (head - 0xd9), length) ? text(length) : damaged();
    case 0xdc:
    case 0xdd:
      return length_of(2 << (head - 0xdc), length) ? array(length) : damaged();
    case 0xde:
    case 0xdf:
      return length_of(2 << (head - 0xde), length) ? map(length) : damaged();
    default:
      return number(head);
  }
}

PyObject* ValueReader::number(std::uint8_t head) {
  if (head < 0xca || head > 0xd3) return damaged();
  int bytes = head < 0xcc ? 4 << (head - 0xca) : 1 << ((head - 0xcc) & 3);
  if (!has(static_cast<std::size_t>(bytes))) return damaged();
  std::uint64_t bits = big_endian(bytes);
  if (head == 0xca) return PyFloat_FromDouble(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  if (head == 0xcb) return PyFloat_FromDouble(std::bit_cast<double>(bits));
  if (head < 0xd0) return PyLong_FromUnsignedLongLong(bits);
  int unused = 64 - 8 * bytes;
  return PyLong_FromLongLong(static_cast<std::int64_t>(bits << unused) >> unused);
}

PyObject* ValueReader::text(std::size_t length) {
  if (!has(length)) return damaged();
  const char* begin = reinterpret_cast<const char*>(at_);
  at_ += length;
  return PyUnicode_DecodeUTF8(begin, static_cast<Py_ssize_t>(length), nullptr);
}

PyObject* ValueReader::binary(std::size_t length) {
  const char* begin = reinterpret_cast<const char*>(at_);
  at_ += length;
  return PyBytes_FromStringAndSize(begin, static_cast<Py_ssize_t>(length));
}

PyObject* ValueReader::array(std::size_t length) {
  if (!has(length) || depth_ > deepest_nesting) return damaged();
  PyObject* list = PyList_New(static_cast<Py_ssize_t>(length));
  ++depth_;
  for (std::size_t i = 0; list != nullptr && i < length; ++i) {
    PyObject* item = next();
    if (item == nullptr) {
      Py_CLEAR(list);
    } else {
      PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), item);
    }
  }
  --depth_;
  return list;
}

PyObject* ValueReader::map(std::size_t length) {
  if (!has(length) || depth_ > deepest_nesting) return damaged();
  PyObject* dict = PyDict_New();
  ++depth_;
  for (std::size_t i = 0; dict != nullptr && i < length; ++i) {
    PyObject* key = next();
    PyObject* value = key != nullptr ? next() : nullptr;
    if (value == nullptr || PyDict_SetItem(dict, key, value) != 0) Py_CLEAR(dict);
    Py_XDECREF(key);
    Py_XDECREF(value);
  }
  --depth_;
  return dict;
}

PyObject* ValueReader::extension(std::size_t length) {
  if (!has(length + 1)) return damaged();
  int type = static_cast<std::int8_t>(*at_++);
  const char* begin = reinterpret_cast<const char*>(at_);
  at_ += length;
  PyObject* bytes = PyBytes_FromStringAndSize(begin, static_cast<Py_ssize_t>(length));
  if (bytes == nullptr) return nullptr;
  PyObject* value = nullptr;
  if (type == pickle_extension) {
    value = PyObject_CallOneArg(lookup("pickle", "loads"), bytes);
  } else {
    PyErr_Format(PyExc_ValueError, "a MessagePack extension of type %d has no meaning here", type);
  }
  Py_DECREF(bytes);
  return value;
}

}  // namespace errand::python
