// SPDX-License-Identifier: Apache-2.0
#include "supervisor/async.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "supervisor/journal.h"

namespace stack::supervisor {

Descriptor& Descriptor::operator=(Descriptor&& other) {
  close();
  basic_descriptor::operator=(std::move(other));
  return *this;
}

void Descriptor::close() {
  if (is_open()) ::close(release());
}

void spawn(Loop& loop, std::string what, Awaitable<void> work) {
  asio::co_spawn(loop, std::move(work), [what = std::move(what)](std::exception_ptr failure) {
    if (failure) journal::failure(what, failure);
  });
}

Awaitable<void> yield(Loop& loop) {
  co_await asio::post(loop, asio::use_awaitable);
}

Awaitable<void> sleep_for(Loop& loop, Clock::duration duration) {
  Timer timer(loop, duration);
  co_await wait(timer);
}

Awaitable<void> wait(Timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

namespace {

Awaitable<bool> wait_for(Descriptor& descriptor, Descriptor::wait_type what) {
  boost::system::error_code error;
  co_await descriptor.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

}  // namespace

Awaitable<bool> readable(Descriptor& descriptor) {
  return wait_for(descriptor, Descriptor::wait_read);
}

Awaitable<bool> writable(Descriptor& descriptor) {
  return wait_for(descriptor, Descriptor::wait_write);
}

namespace {

/// The timer may have fired already when the wait ends, with its handler still in the queue: then
/// `waiting` keeps that handler from touching a descriptor that is no more.
Awaitable<bool> wait_until(Descriptor& descriptor, Descriptor::wait_type what,
                           Clock::time_point deadline) {
  const auto waiting = std::make_shared<bool>(true);
  Timer timer(descriptor.get_executor(), deadline);
  timer.async_wait([waiting, &descriptor](boost::system::error_code cancelled) {
    if (*waiting && !cancelled) descriptor.cancel();
  });
  const bool came = co_await wait_for(descriptor, what);
  *waiting = false;
  co_return came;
}

}  // namespace

Awaitable<bool> readable_until(Descriptor& descriptor, Clock::time_point deadline) {
  return wait_until(descriptor, Descriptor::wait_read, deadline);
}

Awaitable<bool> writable_until(Descriptor& descriptor, Clock::time_point deadline) {
  return wait_until(descriptor, Descriptor::wait_write, deadline);
}

Descriptor watch(Loop& loop, int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw_errno("duplicating a descriptor");
  return Descriptor(loop, copy);
}

Awaitable<void> Signal::wait() {
  co_await wait_until(Clock::time_point::max());
}

Awaitable<bool> Signal::wait_until(Clock::time_point deadline) {
  const auto waiter = waiters_.emplace(waiters_.end(), Waiter{Timer(*loop_, deadline)});
  co_await supervisor::wait(waiter->timer);
  const bool notified = waiter->notified;
  waiters_.erase(waiter);
  co_return notified;
}

void Signal::notify_all() {
  for (Waiter& waiter : waiters_) {
    waiter.notified = true;
    waiter.timer.cancel();
  }
}

void Mutex::Guard::unlock() {
  if (mutex_ == nullptr) return;
  mutex_->held_ = false;
  std::exchange(mutex_, nullptr)->freed_.notify_all();
}

Awaitable<Mutex::Guard> Mutex::lock() {
  while (held_) co_await freed_.wait();
  held_ = true;
  co_return Guard(this);
}

namespace {

constexpr std::chrono::seconds first_rest{1}, longest_rest{60};

}  // namespace

Awaitable<void> Coalesced::try_again(std::chrono::seconds after) {
  co_await sleep_for(*loop_, after);
  if (failure_) request();
}

void Coalesced::request() {
  if (std::exchange(requested_, true)) return;
  asio::post(*loop_, [this] { run(); });
}

void Coalesced::run() {
  requested_ = false;
  failure_ = nullptr;
  try {
    work_();
    rest_ = first_rest;
  } catch (const std::exception&) {
    failure_ = std::current_exception();
    journal::failure(what_, failure_);
    spawn(*loop_, what_, try_again(std::exchange(rest_, std::min(rest_ * 2, longest_rest))));
  }
  ++runs_;
  done_.notify_all();
}

Awaitable<void> Coalesced::next_run() {
  request();
  for (const auto before = runs_; runs_ == before;) co_await done_.wait();
}

Awaitable<void> Coalesced::completed() {
  co_await next_run();
  if (failure_) std::rethrow_exception(failure_);
}

Awaitable<void> Coalesced::made_good() {
  if (failure_) co_await next_run();
}

}  // namespace stack::supervisor
