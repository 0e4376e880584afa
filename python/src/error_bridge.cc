// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "binding.h"

namespace errand::python {

void raise(const Error& error) {
  nb::object make = nb::borrow(lookup("errand.errors", "from_core"));
  nb::object exception = make(nb::cast(std::string(to_string(error.code))), nb::cast(error.message),
                              nb::cast(error.hint), error.transient, error.os_error);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  throw nb::python_error();
}

nb::object catch_exception() {
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);  // before Python 3.12 it may be a bare argument
  if (trace != nullptr) PyException_SetTraceback(value, trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  return nb::steal(value);
}

PyObject* lookup(const char* module, const char* name) {
  static auto* known = new std::map<std::pair<std::string, std::string>, PyObject*>;
  auto [entry, fresh] = known->try_emplace({module, name}, nullptr);
  if (entry->second == nullptr) {
    nb::object found = nb::module_::import_(module).attr(name);
    entry->second = found.release().ptr();
  }
  return entry->second;
}

}  // namespace errand::python
