// SPDX-License-Identifier: Apache-2.0
// The one door to Boost.Asio. Everything in the supervisor runs on one thread: between two
// co_awaits nothing else happens.
//
// House rules of its coroutines: parameters by value; no temporaries with braces inside a co_await
// expression (GCC 12 destroys them twice); whoever starts one with spawn() passes it a shared_ptr
// to all that it uses.
#pragma once

// Boost 1.74's awaitable.hpp needs std::exchange and does not say so.
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/fd.h"

namespace stack::supervisor {

namespace asio = boost::asio;
template <typename T>
using Awaitable = asio::awaitable<T>;
using Loop = asio::io_context;
using Clock = std::chrono::steady_clock;
/// A descriptor of the loop's. Not Boost 1.74's stream_descriptor: moving that leaves its executor
/// without functions, and the next wait on it calls address 0. Nor does it close as asio does,
/// which leaves the loop's epoll set to the kernel: that keeps what is open under another number,
/// here or in a child, and goes on waking the loop for it (epoll(7), first question).
class Descriptor : public asio::posix::basic_descriptor<Loop::executor_type> {
 public:
  using basic_descriptor::basic_descriptor;
  Descriptor(Descriptor&& other) = default;
  Descriptor& operator=(Descriptor&& other);
  ~Descriptor() { close(); }
  /// Waits under way end with false.
  void close();
};
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Loop::executor_type>;

/// Starts a coroutine. An exception that leaves it is logged with `what`; it ends nothing else.
void spawn(Loop& loop, std::string what, Awaitable<void> work);

/// Lets everything else that is ready go first.
Awaitable<void> yield(Loop& loop);
Awaitable<void> sleep_for(Loop& loop, Clock::duration duration);
/// Until it expires, or is cancelled or set anew.
Awaitable<void> wait(Timer& timer);

/// Waits until `descriptor` is readable. False when it was closed or cancelled meanwhile.
Awaitable<bool> readable(Descriptor& descriptor);
Awaitable<bool> writable(Descriptor& descriptor);
/// False also when `deadline` came first.
Awaitable<bool> readable_until(Descriptor& descriptor, Clock::time_point deadline);
Awaitable<bool> writable_until(Descriptor& descriptor, Clock::time_point deadline);

/// A descriptor of the loop's own for the same open file.
Descriptor watch(Loop& loop, int fd);

/// Something that coroutines wait for together. There is no memory: check what you wait for, wait,
/// check again.
class Signal {
 public:
  explicit Signal(Loop& loop) : loop_(&loop) {}
  Awaitable<void> wait();
  /// False when `deadline` came first.
  Awaitable<bool> wait_until(Clock::time_point deadline);
  void notify_all();

 private:
  struct Waiter {
    Timer timer;
    bool notified = false;
  };
  Loop* loop_;
  std::list<Waiter> waiters_;
};

/// Held by one coroutine at a time.
class Mutex {
 public:
  explicit Mutex(Loop& loop) : freed_(loop) {}

  class Guard {
   public:
    explicit Guard(Mutex* mutex) : mutex_(mutex) {}
    Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Guard& operator=(Guard&&) = delete;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { unlock(); }
    void unlock();

   private:
    Mutex* mutex_;
  };
  Awaitable<Guard> lock();

 private:
  bool held_ = false;
  Signal freed_;
};

/// Work that many ask for and that is done once, at the end of the loop's turn. What fails is done
/// again after a second, and after longer and longer until it works: nobody else may ask for long.
/// The object must outlive the loop.
class Coalesced {
 public:
  Coalesced(Loop& loop, std::string what, std::function<void()> work)
      : loop_(&loop), what_(std::move(what)), work_(std::move(work)), done_(loop) {}
  /// Asks for it, without waiting; a failure is logged.
  void request();
  /// Asks for it and waits until it was done. Throws what it threw.
  Awaitable<void> completed();
  /// If it failed the last time, does it again and waits for that. What it throws is logged.
  Awaitable<void> made_good();

 private:
  void run();
  Awaitable<void> next_run();
  Awaitable<void> try_again(std::chrono::seconds after);

  Loop* loop_;
  std::chrono::seconds rest_{1};
  std::string what_;
  std::function<void()> work_;
  bool requested_ = false;
  std::uint64_t runs_ = 0;
  std::exception_ptr failure_;  ///< of the last run
  Signal done_;
};

}  // namespace stack::supervisor
