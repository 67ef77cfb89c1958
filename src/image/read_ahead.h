// SPDX-License-Identifier: Apache-2.0
// A byte source that works on a thread of its own, some pieces ahead: decompressing and hashing go
// on while files are written.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "image/byte_source.h"

namespace stack::image {

class ReadAhead {
 public:
  explicit ReadAhead(ByteSource source);
  /// Ends the thread, after the call of `source` that it is in.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next piece, valid until the next call; empty at the end. Throws what the source threw.
  std::string_view next();

 private:
  void work();
  void deliver(std::string_view piece);

  ByteSource source_;
  std::vector<std::string> slots_;  ///< used in turn
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t filled_ = 0;  ///< pieces made so far
  std::size_t taken_ = 0;   ///< pieces given back by the reader
  bool holds_one_ = false;
  bool is_over_ = false;
  bool is_unwanted_ = false;
  std::exception_ptr failure_;
  std::thread worker_;
};

}  // namespace stack::image
