// SPDX-License-Identifier: Apache-2.0
#include "image/read_ahead.h"

#include <utility>

#include "base/signal_mask.h"

namespace stack::image {
namespace {

constexpr std::size_t slot_count = 16;
constexpr std::size_t slot_size = 1 << 18;

/// Thrown through the source when nobody wants its bytes any more.
struct Unwanted {};

}  // namespace

ReadAhead::ReadAhead(ByteSource source)
    : source_(std::move(source)), slots_(slot_count), worker_([this] { work(); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    is_unwanted_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

std::string_view ReadAhead::next() {
  std::unique_lock lock(mutex_);
  if (holds_one_) {
    ++taken_;
    holds_one_ = false;
    changed_.notify_all();
  }
  changed_.wait(lock, [this] { return taken_ < filled_ || is_over_; });
  if (taken_ == filled_) {
    if (failure_) std::rethrow_exception(failure_);
    return {};
  }
  holds_one_ = true;
  return slots_[taken_ % slot_count];
}

void ReadAhead::work() {
  take_no_signals();
  std::exception_ptr failure;
  try {
    for (auto piece = source_(); !piece.empty(); piece = source_()) {
      while (!piece.empty()) {
        deliver(piece.substr(0, slot_size));
        piece.remove_prefix(std::min(piece.size(), slot_size));
      }
    }
  } catch (const Unwanted&) {
    return;
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  is_over_ = true;
  changed_.notify_all();
}

void ReadAhead::deliver(std::string_view piece) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return filled_ - taken_ < slot_count || is_unwanted_; });
    if (is_unwanted_) throw Unwanted();
  }
  slots_[filled_ % slot_count].assign(piece);
  const std::lock_guard lock(mutex_);
  ++filled_;
  changed_.notify_all();
}

}  // namespace stack::image
