// SPDX-License-Identifier: Apache-2.0
#include "cli/trace_file.h"

#include <fcntl.h>

#include <iostream>

#include "base/chrome_trace.h"
#include "base/error.h"
#include "base/files.h"

namespace stack::cli {

TraceFile::TraceFile(const std::string& path) {
  if (path.empty()) return;
  file_ = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  trace_ = std::make_unique<Trace>();
}

TraceFile::~TraceFile() {
  try {
    write();
  } catch (const Error& error) {
    std::cerr << "stack: warning: " << error.what() << '\n';
  }
}

void TraceFile::write() {
  if (!file_) return;
  const Fd file = std::move(file_);
  during("writing the trace", [&] { write_all(file.get(), chrome_trace(*trace_)); });
}

}  // namespace stack::cli
