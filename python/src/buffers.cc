// SPDX-License-Identifier: Apache-2.0
#include "buffers.h"

#include <cstring>
#include <stdexcept>

namespace errand::python {
namespace {

constexpr std::size_t part_alignment = 64;

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
  auto* shared = nb::inst_ptr<SharedBytes>(self);
  auto* start = const_cast<std::byte*>(shared->buffer.data());
  return PyBuffer_FillInfo(view, self, start, static_cast<Py_ssize_t>(shared->buffer.size()),
                           shared->writable ? 0 : 1, flags);
}

PyType_Slot slots[] = {{Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)}, {0, nullptr}};

std::size_t aligned(std::size_t offset) {
  return (offset + part_alignment - 1) / part_alignment * part_alignment;
}

/// A contiguous view of any object with the buffer protocol.
class BufferView {
 public:
  explicit BufferView(nb::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) != 0) throw nb::python_error();
  }
  ~BufferView() { PyBuffer_Release(&view_); }
  BufferView(const BufferView&) = delete;
  BufferView& operator=(const BufferView&) = delete;
  [[nodiscard]] const char* data() const { return static_cast<const char*>(view_.buf); }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(view_.len); }

 private:
  Py_buffer view_{};
};

void put_length(std::string& out, std::size_t length) {
  auto number = static_cast<std::uint64_t>(length);
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

nb::object share_bytes(Buffer buffer, bool writable) {
  return nb::cast(SharedBytes{std::move(buffer), writable});
}

void append_parts(std::string& out, nb::handle parts) {
  const std::size_t begin = out.size();
  std::size_t total = sizeof(std::uint64_t) * (1 + nb::len(parts));
  for (nb::handle part : parts) total = aligned(total) + BufferView(part).size();
  out.reserve(begin + total);
  put_length(out, nb::len(parts));
  for (nb::handle part : parts) put_length(out, BufferView(part).size());
  for (nb::handle part : parts) {
    BufferView view(part);
    out.append(aligned(out.size() - begin) - (out.size() - begin), '\0');
    out.append(view.data(), view.size());
  }
}

std::vector<std::span<const std::byte>> split_parts(std::span<const std::byte> bytes) {
  auto number_at = [&](std::size_t index) {
    std::uint64_t number = 0;
    if ((index + 1) * sizeof number <= bytes.size()) {
      std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
    }
    return static_cast<std::size_t>(number);
  };
  std::size_t count = number_at(0);
  if (count >= bytes.size() / sizeof(std::uint64_t)) return {};
  std::vector<std::span<const std::byte>> parts;
  std::size_t offset = sizeof(std::uint64_t) * (1 + count);
  for (std::size_t i = 1; i <= count; ++i) {
    offset = aligned(offset);
    std::size_t size = number_at(i);
    if (offset > bytes.size() || size > bytes.size() - offset) return {};
    parts.push_back(bytes.subspan(offset, size));
    offset += size;
  }
  return parts;
}

void bind_buffers(nb::module_& module) {
  nb::class_<SharedBytes>(module, "SharedBytes", nb::type_slots(slots),
                          "Bytes of a job in place, with the buffer protocol; writing changes no file.")
      .def("__len__", [](const SharedBytes& self) { return self.buffer.size(); });
}

}  // namespace errand::python
