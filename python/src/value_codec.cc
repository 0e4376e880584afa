// SPDX-License-Identifier: Apache-2.0
#include "value_codec.h"

#include <limits>

#include "buffers.h"
#include "errand/job_result.h"
#include "scalar.h"

namespace errand::python {
namespace {

/// Containers larger than this are looked into by pickle alone.
constexpr Py_ssize_t most_items_looked_at = 1000;

/// From here on bytes are written raw, so that every language can map them.
constexpr Py_ssize_t long_bytes = Py_ssize_t{64} << 10;

void write(ValueSink& sink, PyObject* buffer) {
  Py_buffer view{};
  if (PyObject_GetBuffer(buffer, &view, PyBUF_SIMPLE) != 0) throw nb::python_error();
  try {
    sink.write(static_cast<const char*>(view.buf), static_cast<std::size_t>(view.len));
  } catch (...) {
    PyBuffer_Release(&view);
    throw;
  }
  PyBuffer_Release(&view);
}

/// True for what no pickle can take by name from a module: scalars and small flat containers of them.
bool is_plain(PyObject* value, int depth) {
  if (PyLong_CheckExact(value) || PyFloat_CheckExact(value) || PyUnicode_CheckExact(value) ||
      PyBytes_CheckExact(value) || value == Py_None || PyBool_Check(value)) {
    return true;
  }
  if (depth == 0) return false;
  if (PyTuple_CheckExact(value) || PyList_CheckExact(value)) {
    Py_ssize_t size = PySequence_Fast_GET_SIZE(value);
    if (size > most_items_looked_at) return false;
    for (Py_ssize_t i = 0; i < size; ++i) {
      if (!is_plain(PySequence_Fast_GET_ITEM(value, i), depth - 1)) return false;
    }
    return true;
  }
  if (!PyDict_CheckExact(value) || PyDict_GET_SIZE(value) > most_items_looked_at) return false;
  PyObject *key = nullptr, *item = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(value, &at, &key, &item) != 0;) {
    if (!is_plain(key, 0) || !is_plain(item, depth - 1)) return false;
  }
  return true;
}

PyObject* dump_plain(PyObject* value) {
  static PyObject* protocol = PyLong_FromLong(5);
  return PyObject_CallFunctionObjArgs(lookup("pickle", "dumps"), value, protocol, nullptr);
}

/// [pickle, buffer...] of anything.
nb::object dump(PyObject* value) {
  PyObject* parts = PyObject_CallOneArg(lookup("errand.encoding", "dump_value"), value);
  return nb::steal(parts);
}

nb::object joined(const EncodedView& view) {
  Buffer all = detail::join_buffers(view);
  return nb::steal(PyBytes_FromStringAndSize(all.text().data(), static_cast<Py_ssize_t>(all.size())));
}

PyObject* decode_msgpack(const EncodedView& view) {
  ValueReader reader(view.bytes);
  PyObject* value = reader.next();
  if (value != nullptr && !reader.at_end()) {
    Py_CLEAR(value);
    PyErr_SetString(PyExc_ValueError, "bytes follow the MessagePack value");
  }
  return value;
}

PyObject* decode_pickle(const EncodedView& view) {
  if (view.further.empty() && view.bytes.size() < static_cast<std::size_t>(long_bytes)) {
    const char* begin = reinterpret_cast<const char*>(view.bytes.data());
    nb::object bytes =
        nb::steal(PyBytes_FromStringAndSize(begin, static_cast<Py_ssize_t>(view.bytes.size())));
    return PyObject_CallOneArg(lookup("pickle", "loads"), bytes.ptr());
  }
  nb::list buffers;
  for (const Buffer& buffer : view.further) buffers.append(share_bytes(buffer, true));
  nb::object first = share_bytes(Buffer(view.owner, view.bytes), true);
  return PyObject_CallFunctionObjArgs(lookup("errand.encoding", "load_value"), first.ptr(), buffers.ptr(),
                                      nullptr);
}

}  // namespace

bool encode_value(ValueSink& sink, PyObject* value) {
  static thread_local std::string small;
  small.clear();
  if (append_scalar(small, value)) {
    sink.begin(Codec::msgpack);
    sink.write(small.data(), small.size());
    return true;
  }
  if (PyBytes_CheckExact(value) && PyBytes_GET_SIZE(value) >= long_bytes) {
    sink.begin(Codec::raw);
    sink.write(PyBytes_AS_STRING(value), static_cast<std::size_t>(PyBytes_GET_SIZE(value)));
    return true;
  }
  if (is_plain(value, 3)) {
    nb::object bytes = nb::steal(dump_plain(value));
    if (!bytes) return false;
    sink.begin(Codec::pickle);
    write(sink, bytes.ptr());
    return true;
  }
  nb::object parts = dump(value);
  if (!parts) return false;
  nb::object codec = parts[0];
  sink.begin(static_cast<Codec>(nb::cast<int>(codec)));
  for (std::size_t i = 1; i < nb::len(parts); ++i) {
    if (i > 1) sink.next_buffer();
    write(sink, nb::object(parts[i]).ptr());
  }
  return true;
}

PyObject* decode_value(const EncodedView& view) {
  switch (view.codec) {
    case Codec::msgpack:
      if (view.further.empty()) return decode_msgpack(view);
      break;
    case Codec::pickle:
      return decode_pickle(view);
    case Codec::raw:
      return joined(view).release().ptr();
    case Codec::program: {
      nb::object pair = nb::steal(decode_msgpack(view));
      if (!pair) return nullptr;
      return PyObject_CallOneArg(lookup("errand.results", "make_program_result"), pair.ptr());
    }
    default:
      break;
  }
  std::string codec(to_string(view.codec));
  PyErr_Format(lookup("errand.errors", "DecodeError"), "the value is written as %s: %s", codec.c_str(),
               view.codec == Codec::r_serialize ? "read it in R (rxGetJobResults)"
                                                : "no language is known that reads it");
  return nullptr;
}

void append_argument(std::string& out, PyObject* value) {
  if (append_scalar(out, value)) return;
  nb::object bytes =
      nb::steal(is_plain(value, 3) ? dump_plain(value)
                                   : PyObject_CallOneArg(lookup("errand.encoding", "dump_call"), value));
  if (!bytes) throw nb::python_error();
  auto size = static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr()));
  if (size > std::numeric_limits<std::uint32_t>::max() / 2) {
    PyErr_Format(PyExc_ValueError,
                 "one task's argument is %zu bytes long: at most 2 GiB can be fanned out; "
                 "give it to all tasks (not in a list), or a file's name instead",
                 size);
    throw nb::python_error();
  }
  append_pickle(out, {PyBytes_AS_STRING(bytes.ptr()), size});
}

}  // namespace errand::python
