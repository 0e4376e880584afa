# SPDX-License-Identifier: Apache-2.0

# A slot that was assigned by hand went past the constructors, which keep passwords in this process's memory.
# So what is sent to workers, put in force or shown passes through here.
without_passwords <- function(value) {
  if (isS4(value)) return(without_password(value))
  if (typeof(value) != "list") return(value)
  rapply(value, without_password, classes = guarded_classes(), how = "replace")
}

take_passwords_out_of <- function(environment) {
  for (name in setdiff(ls(environment, all.names = TRUE), "...")) {
    assign(name, without_passwords(environment[[name]]), envir = environment)
  }
}

# By name, as rapply() asks for no superclasses.
guarded_classes <- function() {
  unlist(lapply(c("RxDataSource", "RxComputeContext"), function(class) names(getClass(class)@subclasses)))
}

# The object as its constructor would have made it; the core finds the password again in this process.
without_password <- function(object) {
  if (is_data_source(object)) object@connectionString <- connection_without_password(object@connectionString)
  if (is_context(object)) object@shareDir <- place_without_password(object@shareDir)
  object
}

connection_without_password <- function(text) remembered_connection(list(connectionString = text))

# Anything but a connection string is a directory.
place_without_password <- function(place) {
  if (length(place) == 1L && grepl("^[^/]*(=|://)", place)) connection_without_password(place) else place
}
