// SPDX-License-Identifier: Apache-2.0
// Data sources: columns of the core become NumPy's without a copy, text becomes str objects.
#include "errand/data_source.h"

#include <array>

#include "binding.h"
#include "buffers.h"

namespace errand::python {
namespace {

/// A str for each value; equal neighbours and frequent values share one.
class TextObjects {
 public:
  explicit TextObjects(bool is_text) : is_text_(is_text) {}
  TextObjects(const TextObjects&) = delete;
  TextObjects& operator=(const TextObjects&) = delete;
  ~TextObjects() {
    for (const Entry& entry : entries_) Py_XDECREF(entry.object);
  }

  /// A new reference.
  PyObject* get(std::string_view value) {
    Entry& entry = entries_[std::hash<std::string_view>()(value) % entries_.size()];
    if (entry.object == nullptr || entry.value != value) {
      PyObject* made = make(value);
      if (made == nullptr) throw nb::python_error();
      Py_XDECREF(entry.object);
      entry = {value, made};
    }
    Py_INCREF(entry.object);
    return entry.object;
  }

 private:
  PyObject* make(std::string_view value) const {
    const auto size = static_cast<Py_ssize_t>(value.size());
    return is_text_ ? PyUnicode_DecodeUTF8(value.data(), size, "surrogateescape")
                    : PyBytes_FromStringAndSize(value.data(), size);
  }

  struct Entry {
    std::string_view value;
    PyObject* object = nullptr;
  };
  bool is_text_;
  std::array<Entry, 1024> entries_{};
};

nb::object list_of(const TextValues& values, const std::vector<std::uint8_t>& missing, bool is_text) {
  nb::object list = nb::steal(PyList_New(static_cast<Py_ssize_t>(values.size())));
  if (!list.is_valid()) throw nb::python_error();
  TextObjects objects(is_text);
  for (std::size_t i = 0; i < values.size(); ++i) {
    PyObject* value = Py_None;
    if (!missing.empty() && missing[i] != 0) {
      Py_INCREF(value);
    } else {
      value = objects.get(values[i]);
    }
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), value);
  }
  return list;
}

/// (name, type, values, missing, levels): the values as writable bytes in place, or as a list of objects.
nb::object object_of(Column column) {
  nb::object missing = nb::none();
  nb::object values = std::visit(
      [&](auto&& all) -> nb::object {
        using Values = std::decay_t<decltype(all)>;
        if constexpr (std::is_same_v<Values, TextValues>) {
          return list_of(all, column.missing, column.about.type == ColumnType::text);
        } else {
          return share_bytes(Buffer::take(std::move(all)), true);
        }
      },
      std::move(column.values));
  if (!column.missing.empty()) missing = share_bytes(Buffer::take(std::move(column.missing)), true);
  const std::string_view type = to_string(column.about.type);
  return nb::make_tuple(column.about.name, nb::str(type.data(), type.size()), values, missing, column.levels);
}

nb::list list_of_columns(std::vector<Column> columns) {
  nb::list list;
  for (Column& column : columns) list.append(object_of(std::move(column)));
  return list;
}

std::optional<ColumnType> type_named(const std::optional<std::string>& name) {
  if (!name) return std::nullopt;
  for (int i = 0; i <= static_cast<int>(ColumnType::factor); ++i) {
    if (to_string(static_cast<ColumnType>(i)) == *name) return static_cast<ColumnType>(i);
  }
  raise(Error{ErrorCode::invalid_argument, "there is no type of columns '" + *name + "'", false, {}, 0});
}

template <class T>
T field(const nb::dict& fields, const char* name) {
  return nb::cast<T>(fields[name]);
}

DataSource source_of(const nb::dict& fields) {
  DataSource source;
  source.connection_string = field<std::string>(fields, "connection");
  source.table = field<std::string>(fields, "table");
  source.query = field<std::string>(fields, "query");
  source.keep = field<std::vector<std::string>>(fields, "keep");
  source.drop = field<std::vector<std::string>>(fields, "drop");
  source.text_as_factors = field<bool>(fields, "text_as_factors");
  source.skip = field<std::uint64_t>(fields, "skip");
  source.most = field<std::optional<std::uint64_t>>(fields, "most");
  for (nb::handle one : fields["columns"]) {
    const auto request = nb::cast<nb::dict>(one);
    source.columns.push_back({field<std::string>(request, "name"), field<std::string>(request, "new_name"),
                              type_named(field<std::optional<std::string>>(request, "type")),
                              field<std::vector<std::string>>(request, "levels"),
                              field<std::vector<std::string>>(request, "new_levels")});
  }
  return source;
}

class Reader {
 public:
  explicit Reader(std::unique_ptr<DataReader> reader) : reader_(std::move(reader)) {}

  [[nodiscard]] nb::list columns() const {
    nb::list list;
    for (const ColumnDescription& column : reader_->columns()) {
      const std::string_view type = to_string(column.type);
      list.append(nb::make_tuple(column.name, column.source_name, column.sql_type,
                                 nb::str(type.data(), type.size())));
    }
    return list;
  }
  std::uint64_t count_rows() {
    return take_unlocked([&] { return reader_->count_rows(); });
  }
  nb::list read_all() {
    return list_of_columns(take_unlocked([&] { return reader_->read_all(); }));
  }
  void read_blocks(std::uint64_t rows, const nb::callable& block);

 private:
  std::unique_ptr<DataReader> reader_;
};

void Reader::read_blocks(std::uint64_t rows, const nb::callable& block) {
  PendingException pending;
  auto result = [&] {
    nb::gil_scoped_release unlocked;
    return reader_->read_blocks(rows, [&](std::vector<Column> columns) -> Result<void> {
      nb::gil_scoped_acquire locked;
      try {
        block(list_of_columns(std::move(columns)));
      } catch (nb::python_error& error) {
        error.restore();
        pending.keep();
        return Error{ErrorCode::interrupted, "the function of the rows failed", false, {}, 0};
      }
      return {};
    });
  }();
  pending.raise_again();
  take(std::move(result));
}

}  // namespace

void bind_data_sources(nb::module_& module) {
  nb::class_<Reader>(module, "DataReader", "The core's reader of a table or query.")
      .def("columns", &Reader::columns)
      .def("count_rows", &Reader::count_rows)
      .def("read_all", &Reader::read_all)
      .def("read_blocks", &Reader::read_blocks);
  module.def("open_data", [](const nb::dict& fields) {
    const DataSource source = source_of(fields);
    return Reader(take_unlocked([&] { return DataReader::open(source); }));
  });
  module.def("remember_connection",
             [](const std::string& text, const std::string& server, const std::string& database,
                const std::string& user, const std::string& password) {
               return take(remember_connection({text, server, database, user, password}));
             });
}

}  // namespace errand::python
