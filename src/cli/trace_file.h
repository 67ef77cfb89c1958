// SPDX-License-Identifier: Apache-2.0
// The file of `--trace`.
#pragma once

#include <memory>
#include <string>

#include "base/fd.h"
#include "base/spans.h"

namespace stack::cli {

class TraceFile {
 public:
  /// Empties or makes the file. Throws Error when that cannot be done: nothing has been changed
  /// yet. An empty path: there is no trace.
  explicit TraceFile(const std::string& path);
  /// A command that fails writes what there is, as far as it can.
  ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  Trace* trace() { return trace_.get(); }
  /// Writes it; what comes later is no part of it. Throws Error.
  void write();

 private:
  Fd file_;
  std::unique_ptr<Trace> trace_;
};

}  // namespace stack::cli
